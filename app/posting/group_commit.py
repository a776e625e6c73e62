"""Group commit: requests that wait together share one call of zerosum.post and one commit.

Each ledger has a queue of its own, and one batch of it is in flight at a time. What arrives
meanwhile is the next batch. Ledgers take turns, so that a flooded one costs the others no more than
its share. A second connection commits beside the first, only while a second ledger waits.

When a lock is not free soon, the batch is sent again without the requests that wait for it. Those,
and later requests that name the same wallets, go to the slow lane.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable

from app import metrics
from app.errors import Refusal
from app.posting.committer import Committer, Connect
from app.posting.lost_backends import LostBackends
from app.posting.one_time_key import one_time_key
from app.posting.slow_lane import SlowLane
from app.posting.waiting import Answer, PostRequest, Waiting, Written, wait

MAX_QUEUE = 10_000  # requests, of all ledgers together
MAX_REQUESTS, MAX_POSTINGS = 256, 2_000  # in a batch
COMMITTERS = 2
MIN_HALVED = 16
# After so long, and as often from then on, a request is dropped if its client has left.
GONE_AFTER_S = 1.0

Queue = deque[Waiting]


class GroupCommit:
    """submit() requests; run() commits them, as one task for as long as the process serves."""

    def __init__(self, connect: Connect) -> None:
        lost = LostBackends()
        self.committers = [Committer(connect, self.refuse_all, lost) for _ in range(COMMITTERS)]
        self.slow_lane = SlowLane(connect, lost)
        # The queue of each ledger that has waiting requests. The ledger whose turn is next comes
        # first.
        self.queues: dict[int, Queue] = {}
        self.in_flight: set[int] = set()  # ledgers
        self.queued = 0  # requests in all queues
        # What wakes each connection that has nothing to do; the first connection comes first.
        self.idle: list[asyncio.Event] = []

    @property
    def committer(self) -> Committer:
        """The connection that is used first."""
        return self.committers[0]

    def can_post(self) -> bool:
        return all(committer.can_post() for committer in self.committers)

    async def submit(
        self, request: PostRequest, gone: Callable[[], Awaitable[bool]] | None = None
    ) -> Answer:
        """Return outcome and body as zerosum.post returns them. Raises Refusal when the request is
        not known to be settled."""
        return (await self.enqueue([request], gone).answer)[0]

    def enqueue(
        self,
        requests: list[PostRequest],
        gone: Callable[[], Awaitable[bool]] | None = None,
        atomic: bool = False,
    ) -> Waiting:
        """Queue one request, or with `atomic` several that post together or not at all. Others who
        hold the result may answer it earlier. Raises Refusal queue_full, database_unavailable.

        gone: returns whether the client has left; then what was not sent yet never is.
        """
        ledger = requests[0].ledger
        queue = self.queues.get(ledger)
        # One ledger may take all but a tenth of the places, so that the others find some.
        if self.queued >= MAX_QUEUE or (queue is not None and len(queue) >= MAX_QUEUE * 9 // 10):
            raise Refusal("queue_full")
        if self.committer.outage.is_closed():
            raise Refusal("database_unavailable")
        for request in requests:
            if request.key is None:
                request.key = one_time_key()
        waiting = wait(requests, gone, atomic)
        if queue is None:
            queue = self.queues[ledger] = deque()
        queue.append(waiting)
        self.queued += len(requests)
        if self.idle and ledger not in self.in_flight:
            self.idle.pop(0).set()
        return waiting

    async def run(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for committer in self.committers:
                    group.create_task(self.commit_for_ever(committer))
                group.create_task(self.slow_lane.run())
                group.create_task(self.dismiss_gone())
        finally:
            self.refuse_all()

    async def commit_for_ever(self, committer: Committer) -> None:
        try:
            while True:
                ledger = self.next_ledger()
                if ledger is None:
                    woken = asyncio.Event()
                    self.idle.insert(0 if committer is self.committer else len(self.idle), woken)
                    await woken.wait()
                    continue
                self.in_flight.add(ledger)
                try:
                    await self.commit_queue(committer, ledger)
                finally:
                    self.in_flight.discard(ledger)
                if self.idle and len(self.queues) > 1:
                    self.idle.pop(0).set()
        finally:
            committer.disconnect()

    def next_ledger(self) -> int | None:
        """Return the ledger whose turn it is, of those that no other connection commits for."""
        for ledger, queue in list(self.queues.items()):
            if ledger in self.in_flight:
                continue
            if queue:
                # Move it to the end of the line.
                self.queues[ledger] = self.queues.pop(ledger)
                return ledger
            del self.queues[ledger]
        return None

    async def commit_queue(self, committer: Committer, ledger: int) -> None:
        """Commit a batch of the ledger, and more while no other ledger waits."""
        queue = self.queues[ledger]
        # Commit a large queue in two halves, so that we read and answer one half while Postgres
        # commits the other. Several ledgers take turns as it is.
        count = len(queue)
        limit = count // 2 if count >= MIN_HALVED and len(self.queues) == 1 else MAX_REQUESTS
        while queue:
            if batch := self.take(queue, limit):
                metrics.BATCH.observe(sum(len(waiting.requests) for waiting in batch))
                await self.settle(committer, batch)
            limit = MAX_REQUESTS
            if len(self.queues) > 1:
                break

    def take(self, queue: Queue, limit: int = MAX_REQUESTS) -> list[Waiting]:
        """Return what is at the queue's head, as much as fits, without requests whose client has
        left."""
        batch: list[Waiting] = []
        requests = postings = 0
        now = time.monotonic()
        while queue and requests < min(limit, MAX_REQUESTS):
            head = queue[0]
            if head.answer.done() or head.deadline <= now:
                self.pop(queue).refuse("queue_full")
                continue
            if self.slow_lane.concerns(head):
                self.slow_lane.add(self.pop(queue))
                continue
            requests += len(head.requests)
            postings += head.postings
            if batch and (requests > MAX_REQUESTS or postings > MAX_POSTINGS):
                break
            batch.append(self.pop(queue))
        return batch

    def pop(self, queue: Queue) -> Waiting:
        head = queue.popleft()
        self.queued -= len(head.requests)
        return head

    async def settle(self, committer: Committer, batch: list[Waiting]) -> None:
        if not self.slow_lane.waiting:
            batch = await committer.settle(batch)
        # While somebody holds a wallet for long, no batch waits at a lock. A capture does not say
        # which wallets it concerns, so any could be that one.
        if batch:
            for waiting in await committer.settle(batch, skip_locked=True):
                self.slow_lane.add(waiting)

    def refuse_all(self) -> None:
        """The database has been away for long: refuse everything that waits."""
        for queue in self.queues.values():
            while queue:
                self.pop(queue).refuse("database_unavailable")

    def waiting(self) -> list[Waiting]:
        """All requests that wait and are not being posted."""
        queued = [waiting for queue in self.queues.values() for waiting in queue]
        return queued + self.slow_lane.waiting

    async def dismiss_gone(self) -> None:
        """Drop the waiting requests whose client has left."""
        while True:
            await asyncio.sleep(GONE_AFTER_S)
            before = time.monotonic() - GONE_AFTER_S
            for waiting in self.waiting():
                if waiting.began > before or waiting.gone is None or not await waiting.gone():
                    continue
                if waiting.written is Written.NO:
                    waiting.refuse("wallet_busy")
