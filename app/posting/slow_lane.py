"""Requests on wallets that somebody else has locked wait here, on a connection of their own, and
hold up nobody.

Each round posts what has become free without waiting, then lets the oldest request wait at its lock
for a moment: so it also gets a wallet that one short transaction after the other locks. What is
still locked at its deadline is refused with `wallet_busy`, and is certainly not written.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import chain, groupby, zip_longest
from operator import attrgetter

from app.posting.committer import Committer, Connect
from app.posting.lost_backends import LostBackends
from app.posting.waiting import Waiting, Written

MAX_WAITING = 2_000  # requests
ROUND = 256  # requests
PAUSE_S = 0.02


ledger_of = attrgetter("ledger")


class SlowLane:
    """add() requests that met a lock; run() as one task for as long as the process serves."""

    def __init__(self, connect: Connect, lost_backends: LostBackends) -> None:
        self.committer = Committer(connect, self.refuse_all, lost_backends)
        self.waiting: list[Waiting] = []
        self.requests = 0
        self.turns = 0
        # How many waiting requests name each wallet: those that are known to be locked, and those
        # beside them.
        self.wallets: dict[tuple[int, str], int] = {}
        self.arrived = asyncio.Event()

    def concerns(self, waiting: Waiting) -> bool:
        """Return whether the request names a wallet that a request here waits for. Then it belongs
        here."""
        if not self.wallets:
            return False
        for name in waiting.wallets():
            if name in self.wallets:
                waiting.locked = waiting.locked or name[1]
                return True
        return False

    def add(self, waiting: Waiting) -> None:
        if self.requests >= MAX_WAITING:
            waiting.refuse("wallet_busy")
            return
        waiting.late = "wallet_busy"
        self.waiting.append(waiting)
        self.requests += len(waiting.requests)
        waiting.named = waiting.wallets()
        for name in waiting.named:
            self.wallets[name] = self.wallets.get(name, 0) + 1
        self.arrived.set()

    async def run(self) -> None:
        try:
            while True:
                await self.arrived.wait()
                self.arrived.clear()
                while self.waiting:
                    await self.turn()
                    await asyncio.sleep(PAUSE_S)
        finally:
            for waiting in self.waiting:
                waiting.refuse("wallet_busy")
            self.committer.disconnect()

    async def turn(self) -> None:
        """Make one round over the waiting requests, one ledger at a time."""
        for waiting in self.waiting:
            waiting.expired()
        for _, same in groupby(sorted(self.next_round(), key=ledger_of), ledger_of):
            await self.committer.settle(list(same), skip_locked=True)
        self.forget_answered()
        if self.waiting:
            await self.committer.settle(self.waiting[:1])
            self.forget_answered()

    def next_round(self) -> Iterator[Waiting]:
        """Return as many requests as a round takes, at least one: the first that wait for each
        locked wallet, then the seconds, and so on, so that many who wait for one wallet keep
        nobody from another's turn. Each round begins at another wallet."""
        queues: dict[tuple[int, str | None], list[Waiting]] = {}
        for waiting in self.waiting:
            queues.setdefault((waiting.ledger, waiting.locked), []).append(waiting)
        self.turns += 1
        at = self.turns % max(1, len(queues))
        order = list(queues.values())
        order = order[at:] + order[:at]
        size = 0
        for waiting in chain.from_iterable(zip_longest(*order)):
            if size >= ROUND:
                return
            if waiting is not None:
                size += len(waiting.requests)
                yield waiting

    def refuse_all(self) -> None:
        """The database has been away for long: refuse everything that waits."""
        for waiting in self.waiting:
            if waiting.written is Written.NO:
                waiting.refuse("database_unavailable")

    def forget_answered(self) -> None:
        for waiting in self.waiting:
            if waiting.answer.done():
                self.requests -= len(waiting.requests)
                for name in waiting.named:
                    self.wallets[name] -= 1
                    if not self.wallets[name]:
                        del self.wallets[name]
        self.waiting = [waiting for waiting in self.waiting if not waiting.answer.done()]
