"""One connection that posts batches, each in one transaction, and repeats what can't post anything
twice.

A batch is repeated when the server's own error proves a rollback: after a serialization failure or
a deadlock as a whole, after another error in halves, so that one bad request harms no other. When
the connection broke, it is repeated by key; every request has a key by then, the client's or a
private one. What can't be settled before its deadline is `outcome_unknown`.

What is known of a request is in Waiting.written, which changes here only: send() before an attempt,
roll_back() when the server says that it wrote nothing, lose() when the attempt ended without a
word.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from itertools import islice

import asyncpg

from app.database.connections import BEGIN_POST, time_limit
from app.database.errors import DATABASE_ERRORS, Failure, failure
from app.database.outage import Outage
from app.posting.lost_backends import LostBackends
from app.posting.waiting import Answer, Waiting, Written, together

PATIENCE_S = 5.0  # A failover or restart that is shorter refuses nobody.
STALLED_S = 3.0  # While a batch takes longer, /readyz says that money can't be posted.

POST = (
    "select outcome, body from zerosum.post"
    "($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
)

log = logging.getLogger("zerosum")

Connect = Callable[[], Awaitable[tuple[asyncpg.Connection, bool]]]


class Committer:
    """settle() batches, one at a time. gave_up: is called when the database has been away for too
    long to wait.

    lost_backends: of all connections that a request may come to, since it may go from one to
    another.
    """

    def __init__(
        self, connect: Connect, gave_up: Callable[[], None], lost_backends: LostBackends
    ) -> None:
        self.connect, self.gave_up, self.lost_backends = connect, gave_up, lost_backends
        self.conn: asyncpg.Connection | None = None
        self.limited = False
        self.pid = 0  # of its backend; 0 behind a pooler
        self.outage = Outage(PATIENCE_S)
        self.began: float | None = None  # the attempt that is under way

    def can_post(self) -> bool:
        """Return whether money can be posted, as far as is known: the database is not away, and no
        attempt takes suspiciously long."""
        now = asyncio.get_running_loop().time()
        return not self.outage.is_closed() and (self.began is None or now < self.began + STALLED_S)

    async def settle(self, batch: list[Waiting], skip_locked: bool = False) -> list[Waiting]:
        """Answer every request of the batch, whatever happens, but return those that a lock holds
        up.

        Without skip_locked, a lock that is not free within lock_timeout returns the whole batch.
        With it, only the requests are returned whose wallets somebody else has locked.
        """
        try:
            return await self.try_settle(batch, skip_locked)
        except Exception:
            log.exception("a batch of %d failed", len(batch))
            self.disconnect()
            for waiting in batch:
                waiting.refuse("internal_error")
            return []
        except BaseException:
            for waiting in batch:
                waiting.refuse("database_unavailable")
            raise

    async def try_settle(self, batch: list[Waiting], skip_locked: bool) -> list[Waiting]:
        while batch := [waiting for waiting in batch if not waiting.expired()]:
            try:
                answers = await self.attempt(batch, skip_locked)
            except DATABASE_ERRORS as error:
                found = failure(error)
                for waiting in batch:
                    if found is Failure.LOST:
                        waiting.lose()
                    else:
                        waiting.roll_back()
                if found in {Failure.LOST, Failure.AWAY}:
                    await self.wait_for_database(batch, error)
                elif found is Failure.CONFLICT:
                    await asyncio.sleep(random.uniform(0, 0.01))  # noqa: S311
                elif found is Failure.LOCKED and (not skip_locked or len(batch) == 1):
                    return batch
                else:
                    return await self.settle_apart(batch, skip_locked, error)
                continue
            self.outage.succeeded()
            return self.give(batch, answers)
        return []

    def give(self, batch: list[Waiting], answers: list[Answer]) -> list[Waiting]:
        """Give each request its answer, and return those that a lock holds up."""
        held_up = []
        given = iter(answers)
        for waiting in batch:
            own = list(islice(given, len(waiting.requests)))
            outcome = own[0][0]
            if outcome == "busy":
                waiting.roll_back()
                waiting.locked = next((body for busy, body in own if busy == "busy" and body), None)
                held_up.append(waiting)
            elif outcome == "refused" and waiting.written is Written.UNKNOWN and self.lost_backends:
                # An earlier attempt may still be under way, in a backend that is not known to have
                # ended.
                waiting.refuse("outcome_unknown")
            else:
                waiting.settle(own)
        return held_up

    async def wait_for_database(self, batch: list[Waiting], error: Exception) -> None:
        """Drop the connection, and let time pass before the next attempt. If the database has been
        away for long, refuse what is certainly not written; only what may be written waits on."""
        if self.outage.since is None:
            log.warning("the database is away: %s", error or type(error).__name__)
        unknown = any(waiting.written is Written.UNKNOWN for waiting in batch)
        if unknown and self.conn is not None:  # Without a connection nothing was sent this time.
            self.lost_backends.add(self.pid)
        self.disconnect()
        pause = self.outage.failed()
        if self.outage.is_long():
            for waiting in batch:
                if waiting.written is Written.NO:
                    waiting.refuse("database_unavailable")
            self.gave_up()
        if not all(waiting.answer.done() for waiting in batch):
            await asyncio.sleep(pause)

    async def settle_apart(
        self, batch: list[Waiting], skip_locked: bool, error: Exception
    ) -> list[Waiting]:
        """Settle the batch in halves, until the request that the server fails at is alone."""
        if len(batch) == 1:
            log.error("a request failed", exc_info=error)
            batch[0].refuse("internal_error")
            return []
        half = len(batch) // 2
        held_up = await self.try_settle(batch[:half], skip_locked)
        return held_up + await self.try_settle(batch[half:], skip_locked)

    async def attempt(self, batch: list[Waiting], skip_locked: bool) -> list[Answer]:
        """Post the batch in one transaction. Raises what the driver raises, after a rollback where
        one is due."""
        self.began = asyncio.get_running_loop().time()
        try:
            if self.conn is None or self.conn.is_closed():
                self.conn, self.limited = await self.connect()
                self.pid = self.conn.get_server_pid() if self.limited else 0
                await self.lost_backends.end(self.conn)
            with time_limit(self.conn):
                return await self.post(self.conn, batch, skip_locked)
        finally:
            self.began = None

    async def post(
        self, conn: asyncpg.Connection, batch: list[Waiting], skip_locked: bool
    ) -> list[Answer]:
        given = together(batch, skip_locked)
        if self.limited:
            for waiting in batch:
                waiting.send()
            rows = await conn.fetch(POST, *given)
            return [(row[0], row[1]) for row in rows]
        try:
            await conn.execute(BEGIN_POST)
            for waiting in batch:
                waiting.send()
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
