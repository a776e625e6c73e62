"""Group commit: requests that wait together share one call of zerosum.post and one commit.

One batch is in flight at a time; what arrives meanwhile is the next batch. A lock that is not to be had soon sends
the batch again without those that wait for it: they go to the slow lane, and others that name the same wallets too.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Awaitable, Callable

from app import metrics
from app.batch import Answer, PostRequest, Waiting, Written, wait
from app.committer import Committer, Connect
from app.errors import Refusal
from app.slow_lane import SlowLane

MAX_QUEUE = 10_000  # requests
MAX_REQUESTS, MAX_POSTINGS = 256, 2_000  # in a batch
MIN_HALVED = 16
GONE_AFTER_S = 1.0  # Whoever waits longer is asked, this often, whether its client is still there.


class GroupCommit:
    """submit() requests; run() commits them, as one task for as long as the process serves."""

    def __init__(self, connect: Connect) -> None:
        self.committer = Committer(connect, self.refuse_all)
        self.slow_lane = SlowLane(connect)
        self.queue: deque[Waiting] = deque()
        self.queued = 0  # requests in it
        self.arrived = asyncio.Event()

    async def submit(
        self, request: PostRequest, gone: Callable[[], Awaitable[bool]] | None = None
    ) -> Answer:
        """Outcome and body as zerosum.post gives them; raises Refusal when it is not known to be settled."""
        return (await self.enqueue([request], gone).answer)[0]

    def enqueue(
        self,
        requests: list[PostRequest],
        gone: Callable[[], Awaitable[bool]] | None = None,
        atomic: bool = False,
    ) -> Waiting:
        """As submit(), of one request or, atomic, several that post together or not at all; they may be answered
        earlier by whoever holds them. Raises Refusal queue_full, database_unavailable.

        gone: tells whether the client has left; then what was not sent yet never is.
        """
        if self.queued >= MAX_QUEUE:
            raise Refusal("queue_full")
        if self.committer.outage.is_closed():
            raise Refusal("database_unavailable")
        for request in requests:
            if request.key is None:
                request.key = "\x7f" + secrets.token_hex(16)
        waiting = wait(requests, gone, atomic)
        self.queue.append(waiting)
        self.queued += len(requests)
        self.arrived.set()
        return waiting

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self.commit_for_ever())
            group.create_task(self.slow_lane.run())
            group.create_task(self.dismiss_gone())

    async def commit_for_ever(self) -> None:
        try:
            while True:
                await self.arrived.wait()
                # All clients at once would take turns with the database: by halves, one half's requests are read and
                # answered while the other's are committed.
                count = len(self.queue)
                limit = count // 2 if count >= MIN_HALVED else MAX_REQUESTS
                while self.queue:
                    if batch := self.take(limit):
                        metrics.BATCH.observe(sum(len(waiting.requests) for waiting in batch))
                        await self.settle(batch)
                    limit = MAX_REQUESTS
                self.arrived.clear()
        finally:
            self.refuse_all()
            self.committer.disconnect()

    def refuse_all(self) -> None:
        """The database is away, and has been for long: nobody waits for it."""
        while self.queue:
            self.pop().refuse("database_unavailable")

    def take(self, limit: int = MAX_REQUESTS) -> list[Waiting]:
        """What is at the head of the queue and of one ledger, as much as fits; skips who has gone."""
        batch: list[Waiting] = []
        requests = postings = 0
        now = time.monotonic()
        while self.queue and requests < min(limit, MAX_REQUESTS):
            head = self.queue[0]
            if head.answer.done() or head.deadline <= now:
                self.pop().refuse("queue_full")
                continue
            if self.slow_lane.concerns(head):
                self.slow_lane.add(self.pop())
                continue
            requests += len(head.requests)
            postings += head.postings
            if batch and (
                requests > MAX_REQUESTS or postings > MAX_POSTINGS or head.ledger != batch[0].ledger
            ):
                break
            batch.append(self.pop())
        return batch

    def pop(self) -> Waiting:
        head = self.queue.popleft()
        self.queued -= len(head.requests)
        return head

    async def settle(self, batch: list[Waiting]) -> None:
        if locked := await self.committer.settle(batch):
            for waiting in await self.committer.settle(locked, skip_locked=True):
                self.slow_lane.add(waiting)

    async def dismiss_gone(self) -> None:
        """A request whose client has left while it waited is not sent."""
        while True:
            await asyncio.sleep(GONE_AFTER_S)
            before = time.monotonic() - GONE_AFTER_S
            for waiting in (*self.queue, *self.slow_lane.waiting):
                if waiting.began > before or waiting.gone is None or not await waiting.gone():
                    continue
                if waiting.written is Written.NO:
                    waiting.refuse("wallet_busy")
