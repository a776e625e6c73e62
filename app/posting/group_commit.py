"""Group commit: requests that wait together share one call of zerosum.post and one commit.

Each ledger has a queue of its own, and one batch of it is in flight at a time; what arrives meanwhile is the next.
Ledgers take turns, so that one that is flooded costs the others their share and no more. A second connection, used only
while a second ledger waits, commits beside the first.

A lock that is not to be had soon sends the batch again without those that wait for it: they go to the slow lane, and
others that name the same wallets too.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Awaitable, Callable

from app import metrics
from app.errors import Refusal
from app.posting.committer import Committer, Connect
from app.posting.lost_backends import LostBackends
from app.posting.slow_lane import SlowLane
from app.posting.waiting import Answer, PostRequest, Waiting, Written, wait

MAX_QUEUE = 10_000  # requests, of all ledgers together
MAX_REQUESTS, MAX_POSTINGS = 256, 2_000  # in a batch
COMMITTERS = 2
MIN_HALVED = 16
GONE_AFTER_S = 1.0  # Whoever waits longer is asked, this often, whether its client is still there.

Queue = deque[Waiting]


class GroupCommit:
    """submit() requests; run() commits them, as one task for as long as the process serves."""

    def __init__(self, connect: Connect) -> None:
        lost = LostBackends()
        self.committers = [Committer(connect, self.refuse_all, lost) for _ in range(COMMITTERS)]
        self.slow_lane = SlowLane(connect, lost)
        # Of each ledger that has some waiting; whose turn is next comes first.
        self.queues: dict[int, Queue] = {}
        self.in_flight: set[int] = set()  # ledgers
        self.queued = 0  # requests in all queues
        # Of each connection that has nothing to do, what wakes it; the first connection comes first.
        self.idle: list[asyncio.Event] = []

    @property
    def committer(self) -> Committer:
        """The one that is used first."""
        return self.committers[0]

    def can_post(self) -> bool:
        return all(committer.can_post() for committer in self.committers)

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
        ledger = requests[0].ledger
        queue = self.queues.get(ledger)
        # Of the places one ledger takes all but a tenth: the others find some.
        if self.queued >= MAX_QUEUE or (queue is not None and len(queue) >= MAX_QUEUE * 9 // 10):
            raise Refusal("queue_full")
        if self.committer.outage.is_closed():
            raise Refusal("database_unavailable")
        for request in requests:
            if request.key is None:
                request.key = "\x7f" + secrets.token_hex(16)
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
        """Whose turn it is, of those that no other connection commits for."""
        for ledger, queue in list(self.queues.items()):
            if ledger in self.in_flight:
                continue
            if queue:
                # To the end of the line.
                self.queues[ledger] = self.queues.pop(ledger)
                return ledger
            del self.queues[ledger]
        return None

    async def commit_queue(self, committer: Committer, ledger: int) -> None:
        """A batch of the ledger; more while no other ledger waits."""
        queue = self.queues[ledger]
        # All clients at once would take turns with the database: by halves, one half's requests are read and
        # answered while the other's are committed. Several ledgers take turns as it is.
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
        """What is at the queue's head, as much as fits; skips who has gone."""
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
        # While somebody holds a wallet for long, no batch waits at a lock: a capture does not say which wallets it
        # concerns, so that any could be of that one.
        if batch:
            for waiting in await committer.settle(batch, skip_locked=True):
                self.slow_lane.add(waiting)

    def refuse_all(self) -> None:
        """The database is away, and has been for long: nobody waits for it."""
        for queue in self.queues.values():
            while queue:
                self.pop(queue).refuse("database_unavailable")

    def waiting(self) -> list[Waiting]:
        """All that are not being posted."""
        queued = [waiting for queue in self.queues.values() for waiting in queue]
        return queued + self.slow_lane.waiting

    async def dismiss_gone(self) -> None:
        """A request whose client has left while it waited is not sent."""
        while True:
            await asyncio.sleep(GONE_AFTER_S)
            before = time.monotonic() - GONE_AFTER_S
            for waiting in self.waiting():
                if waiting.began > before or waiting.gone is None or not await waiting.gone():
                    continue
                if waiting.written is Written.NO:
                    waiting.refuse("wallet_busy")
