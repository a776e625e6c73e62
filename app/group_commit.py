"""Group commit: requests that wait together share one call of zerosum.post and one commit.

One batch is in flight at a time; what arrives meanwhile is the next batch. A batch is repeated only when that
can't post anything twice: when the server's own error proves a rollback (a serialization failure or deadlock:
whole; another error: in halves, so that one bad request harms no other), or by key when the connection broke.
Every request has a key by then, the client's or a private one. What can't be settled before its deadline is
`outcome_unknown`.
"""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import asyncpg

from app.db import DATABASE_ERRORS, is_broken
from app.errors import Refusal

MAX_QUEUE = 10_000
MAX_REQUESTS, MAX_POSTINGS = 256, 2_000  # in a batch
DEADLINE_S = 25.0  # Hosts cut a request at 30 s.
RECONNECT_S = 0.2
STATEMENT_TIMEOUT_MS = 20_000

POST = "select outcome, body from zerosum.post($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
# Settings travel with the transaction: a pooler may give the next one another connection. They are armed when
# a statement starts, so they are set before the call and not inside it.
BEGIN = (
    f"begin; select set_config('statement_timeout', '{STATEMENT_TIMEOUT_MS}', true),"
    " set_config('client_connection_check_interval', '1000', true)"
)
REPEATABLE = {"40001", "40P01"}

log = logging.getLogger("zerosum")

Answer = tuple[str, str]
Connect = Callable[[], Awaitable[asyncpg.Connection]]


@dataclass(slots=True)
class PostRequest:
    """One request for zerosum.post: postings are (source, destination, amount as digits)."""

    ledger: int
    kind: str
    postings: list[tuple[str, str, str]]
    key: str | None = None
    reference: str | None = None
    description: str | None = None
    metadata: str | None = None
    effective_at: datetime | None = None


@dataclass(slots=True)
class Waiting:
    request: PostRequest
    answer: asyncio.Future[Answer]
    deadline: float
    sent: bool = field(default=False)


class GroupCommit:
    """submit() requests; run() commits them, as one task for as long as the process serves."""

    def __init__(self, connect: Connect) -> None:
        self.connect = connect
        self.conn: asyncpg.Connection | None = None
        self.queue: deque[Waiting] = deque()
        self.arrived = asyncio.Event()

    async def submit(self, request: PostRequest) -> Answer:
        """Outcome and body as zerosum.post gives them; raises Refusal when it is not known to be settled."""
        if len(self.queue) >= MAX_QUEUE:
            raise Refusal("queue_full")
        if request.key is None:
            request.key = "\x7f" + secrets.token_hex(16)
        answer = asyncio.get_running_loop().create_future()
        waiting = Waiting(request, answer, time.monotonic() + DEADLINE_S)
        self.queue.append(waiting)
        self.arrived.set()
        return await waiting.answer

    async def run(self) -> None:
        try:
            while True:
                await self.arrived.wait()
                while self.queue:
                    await self.settle(self.take())
                self.arrived.clear()
        finally:
            for waiting in self.queue:
                refuse(waiting, "database_unavailable")
            self.disconnect()

    def take(self) -> list[Waiting]:
        """The requests at the head of the queue that are of one ledger, as many as fit; skips who has gone."""
        batch: list[Waiting] = []
        postings = 0
        now = time.monotonic()
        while self.queue and len(batch) < MAX_REQUESTS:
            head = self.queue[0]
            if head.answer.done() or head.deadline <= now:
                self.queue.popleft()
                refuse(head, "queue_full")
                continue
            postings += len(head.request.postings)
            if batch and (
                postings > MAX_POSTINGS or head.request.ledger != batch[0].request.ledger
            ):
                break
            batch.append(self.queue.popleft())
        return batch

    async def settle(self, batch: list[Waiting]) -> None:
        """Answer every request of the batch, whatever happens."""
        try:
            await self.settle_batch(batch)
        except Exception:
            log.exception("a batch of %d failed", len(batch))
            self.disconnect()
            for waiting in batch:
                refuse(waiting, "outcome_unknown" if waiting.sent else "internal_error")
        except BaseException:
            for waiting in batch:
                refuse(waiting, "outcome_unknown" if waiting.sent else "database_unavailable")
            raise

    async def settle_batch(self, batch: list[Waiting]) -> None:
        while batch := [waiting for waiting in batch if not expired(waiting)]:
            try:
                answers = await self.commit(batch)
            except DATABASE_ERRORS as error:
                if not await self.may_repeat(batch, error):
                    await self.settle_apart(batch, error)
                    return
            else:
                for waiting, answer in zip(batch, answers, strict=True):
                    if not waiting.answer.done():
                        waiting.answer.set_result(answer)
                return

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

    async def settle_apart(self, batch: list[Waiting], error: Exception) -> None:
        """In halves, until the one that the server fails at is alone."""
        if len(batch) == 1:
            log.error("a request failed", exc_info=error)
            refuse(batch[0], "internal_error")
            return
        half = len(batch) // 2
        await self.settle_batch(batch[:half])
        await self.settle_batch(batch[half:])

    async def commit(self, batch: list[Waiting]) -> list[Answer]:
        """Post the batch in one transaction; raises what the driver raises, after a rollback where one is due."""
        if self.conn is None or self.conn.is_closed():
            self.conn = await self.connect()
        conn = self.conn
        try:
            await conn.execute(BEGIN)
            for waiting in batch:
                waiting.sent = True
            rows = await conn.fetch(POST, *arguments(batch))
        except asyncpg.PostgresError:
            await conn.execute("rollback")
            raise
        await conn.execute("commit")
        return [(row[0], row[1]) for row in rows]

    def disconnect(self) -> None:
        if self.conn is not None:
            self.conn.terminate()
            self.conn = None


def arguments(batch: list[Waiting]) -> tuple[object, ...]:
    """The batch as zerosum.post's parallel arrays."""
    requests = [waiting.request for waiting in batch]
    owners, sources, destinations, amounts = [], [], [], []
    for i, request in enumerate(requests, 1):
        for source, destination, amount in request.postings:
            owners.append(i)
            sources.append(source)
            destinations.append(destination)
            amounts.append(amount)
    return (
        *(requests[0].ledger, [r.kind for r in requests], [r.key for r in requests]),
        *(owners, sources, destinations, amounts),
        *(rare([r.reference for r in requests]), rare([r.description for r in requests])),
        *(rare([r.metadata for r in requests]), rare([r.effective_at for r in requests])),
    )


def rare(values: Sequence[object]) -> Sequence[object]:
    """An array that is all null goes as an empty one, which means the same and costs nothing."""
    return values if any(value is not None for value in values) else []


def expired(waiting: Waiting) -> bool:
    """Has it been answered, or run out of time? Then it is answered now."""
    if not waiting.answer.done() and waiting.deadline <= time.monotonic():
        refuse(waiting, "outcome_unknown" if waiting.sent else "database_unavailable")
    return waiting.answer.done()


def refuse(waiting: Waiting, code: str) -> None:
    if not waiting.answer.done():
        waiting.answer.set_exception(Refusal(code))
