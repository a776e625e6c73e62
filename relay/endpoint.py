"""One endpoint's deliveries: several at a time, recorded together."""

from __future__ import annotations

import asyncio
import logging

import asyncpg

from app import metrics
from app.db import DATABASE_ERRORS, Pool, call
from relay.backoff import retry_after_s
from relay.webhook import Message, Outcome, WebhookSender

CONCURRENCY = 16
PAGE = 128
MAX_BUSY = 512  # More are not taken until some of these are recorded.
DATABASE_RETRY_S = 0.5
DRAIN_S = 3
GONE = 410

log = logging.getLogger("zerosum.relay")


class EndpointWorker:
    """run() until cancelled; wake() when there may be something to send.

    Each endpoint has one of its own, so that a slow endpoint delays no other.
    """

    def __init__(self, pool: Pool, sender: WebhookSender, ledger: int, endpoint: int) -> None:
        self.pool, self.sender, self.ledger, self.endpoint = pool, sender, ledger, endpoint
        self.slots = asyncio.Semaphore(CONCURRENCY)
        self.woken = asyncio.Event()
        self.finished = asyncio.Event()
        self.sending: set[asyncio.Task[None]] = set()
        # Deliveries that are being sent or not recorded yet: not to be taken again.
        self.busy: set[int] = set()
        self.outcomes: list[tuple[int, int, Outcome]] = []

    def wake(self) -> None:
        self.woken.set()

    async def run(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.take())
                group.create_task(self.record())
        finally:
            await self.drain()

    async def drain(self) -> None:
        """At the end: let what is being sent arrive, for a moment, and record it, so that it is not sent again."""
        if self.sending:
            await asyncio.wait(self.sending, timeout=DRAIN_S)
        for task in self.sending:
            task.cancel()
        if self.outcomes:
            await self.write(self.outcomes)

    async def take(self) -> None:
        """Fetch what is due, and send it, CONCURRENCY at a time."""
        while True:
            self.woken.clear()
            if len(self.busy) >= MAX_BUSY:
                await self.woken.wait()
                continue
            try:
                rows = await call(
                    self.pool,
                    "due_deliveries",
                    ledger=self.ledger,
                    endpoint=self.endpoint,
                    max=PAGE,
                    busy=list(self.busy),
                )
            except DATABASE_ERRORS as error:
                log.warning("deliveries can't be read: %s", error)
                await asyncio.sleep(DATABASE_RETRY_S)
                continue
            for row in rows:
                await self.slots.acquire()
                self.busy.add(row["seq"])
                task = asyncio.create_task(self.send(row))
                self.sending.add(task)
                task.add_done_callback(self.sending.discard)
            if not rows:
                await self.woken.wait()

    async def send(self, row: asyncpg.Record) -> None:
        message = Message(str(row["id"]), row["url"], row["secret"], row["body"].encode())
        try:
            outcome = await self.sender.send(message)
        finally:
            self.slots.release()
        self.outcomes.append((row["seq"], row["attempts"] + 1, outcome))
        self.finished.set()

    async def record(self) -> None:
        """Write outcomes down, all that there are at a time, until the database has them."""
        while True:
            await self.finished.wait()
            self.finished.clear()
            if outcomes := self.outcomes[:]:
                try:
                    await self.write(outcomes)
                except DATABASE_ERRORS as error:
                    log.warning("outcomes can't be recorded: %s", error)
                    await asyncio.sleep(DATABASE_RETRY_S)
                    self.finished.set()
                    continue
                del self.outcomes[: len(outcomes)]
                self.busy.difference_update(seq for seq, _, _ in outcomes)
                self.woken.set()

    async def write(self, outcomes: list[tuple[int, int, Outcome]]) -> None:
        retries = [retry_after_s(n, outcome.retry_after_s) for _, n, outcome in outcomes]
        verdicts = [
            verdict(outcome, retry)
            for (_, _, outcome), retry in zip(outcomes, retries, strict=True)
        ]
        await call(
            self.pool,
            "finish_deliveries",
            ledger=self.ledger,
            endpoint=self.endpoint,
            seqs=[seq for seq, _, _ in outcomes],
            outcomes=verdicts,
            statuses=[outcome.status for _, _, outcome in outcomes],
            errors=[outcome.error for _, _, outcome in outcomes],
            durations_ms=[outcome.duration_ms for _, _, outcome in outcomes],
            retries_s=retries,
        )
        for word in verdicts:
            metrics.DELIVERIES.labels(word).inc()


def verdict(outcome: Outcome, retry_s: float | None) -> str:
    """410 Gone says that the endpoint wants nothing more."""
    if outcome.delivered:
        return "delivered"
    if outcome.status == GONE:
        return "gone"
    return "dead" if retry_s is None else "pending"
