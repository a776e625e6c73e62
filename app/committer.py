"""One connection that posts batches, each in one transaction, and repeats what can't post anything twice.

A batch is repeated when the server's own error proves a rollback (a serialization failure or deadlock: whole;
another error: in halves, so that one bad request harms no other), or by key when the connection broke. Every request
has a key by then, the client's or a private one. What can't be settled before its deadline is `outcome_unknown`.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from itertools import islice

import asyncpg

from app.batch import Answer, Waiting, together
from app.db import DATABASE_ERRORS, POST_LIMITS, is_broken

RECONNECT_S = 0.2
REPEATABLE = {"40001", "40P01"}
LOCK_NOT_AVAILABLE = "55P03"

POST = (
    "select outcome, body from zerosum.post"
    "($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
)
# Through a pooler the limits travel with each transaction, since the next one may get another connection. They are
# armed when a statement starts, so they are set before the call and not inside it. Without a pooler the session has
# them, and a batch is one round trip.
BEGIN = "begin; select " + ", ".join(
    f"set_config('{name}', '{value}', true)" for name, value in POST_LIMITS.items()
)

log = logging.getLogger("zerosum")

Connect = Callable[[], Awaitable[tuple[asyncpg.Connection, bool]]]


class Committer:
    def __init__(self, connect: Connect) -> None:
        self.connect = connect
        self.conn: asyncpg.Connection | None = None
        self.limited = False

    async def settle(self, batch: list[Waiting], skip_locked: bool = False) -> list[Waiting]:
        """Answer every request of the batch, whatever happens, but those that a lock keeps: they are returned.

        Without skip_locked a lock that is not to be had within lock_timeout returns the whole batch; with it, those
        come back whose wallets somebody else has locked.
        """
        try:
            return await self.try_settle(batch, skip_locked)
        except Exception:
            log.exception("a batch of %d failed", len(batch))
            self.disconnect()
            for waiting in batch:
                waiting.refuse("outcome_unknown" if waiting.sent else "internal_error")
            return []
        except BaseException:
            for waiting in batch:
                waiting.refuse("outcome_unknown" if waiting.sent else "database_unavailable")
            raise

    async def try_settle(self, batch: list[Waiting], skip_locked: bool) -> list[Waiting]:
        while batch := [waiting for waiting in batch if not waiting.expired()]:
            try:
                answers = await self.commit(batch, skip_locked)
            except DATABASE_ERRORS as error:
                if await self.may_repeat(batch, error):
                    continue
                if getattr(error, "sqlstate", None) == LOCK_NOT_AVAILABLE and (
                    not skip_locked or len(batch) == 1
                ):
                    return batch
                return await self.settle_apart(batch, skip_locked, error)
            kept = []
            given = iter(answers)
            for waiting in batch:
                own = list(islice(given, len(waiting.requests)))
                if own[0][0] == "busy":
                    waiting.sent = False
                    kept.append(waiting)
                else:
                    waiting.settle(own)
            return kept
        return []

    async def may_repeat(self, batch: list[Waiting], error: Exception) -> bool:
        """Can the whole batch run again, and succeed? Waits as long as it should before that."""
        if is_broken(error):
            log.warning("the database connection is lost: %s", error or type(error).__name__)
            self.disconnect()
            await asyncio.sleep(RECONNECT_S)
            return True
        for waiting in batch:
            waiting.sent = False  # The server has rolled it back.
        if getattr(error, "sqlstate", None) in REPEATABLE:
            await asyncio.sleep(random.uniform(0, 0.01))  # noqa: S311
            return True
        return False

    async def settle_apart(
        self, batch: list[Waiting], skip_locked: bool, error: Exception
    ) -> list[Waiting]:
        """In halves, until the one that the server fails at is alone."""
        if len(batch) == 1:
            log.error("a request failed", exc_info=error)
            batch[0].refuse("internal_error")
            return []
        half = len(batch) // 2
        kept = await self.try_settle(batch[:half], skip_locked)
        return kept + await self.try_settle(batch[half:], skip_locked)

    async def commit(self, batch: list[Waiting], skip_locked: bool) -> list[Answer]:
        """Post the batch in one transaction; raises what the driver raises, after a rollback where one is due."""
        if self.conn is None or self.conn.is_closed():
            self.conn, self.limited = await self.connect()
        conn = self.conn
        given = together(batch, skip_locked)
        if self.limited:
            for waiting in batch:
                waiting.sent = True
            rows = await conn.fetch(POST, *given)
            return [(row[0], row[1]) for row in rows]
        try:
            await conn.execute(BEGIN)
            for waiting in batch:
                waiting.sent = True
            rows = await conn.fetch(POST, *given)
        except asyncpg.PostgresError:
            await conn.execute("rollback")
            raise
        await conn.execute("commit")
        return [(row[0], row[1]) for row in rows]

    def disconnect(self) -> None:
        if self.conn is not None:
            self.conn.terminate()
            self.conn = None
