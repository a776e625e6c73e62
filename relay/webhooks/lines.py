"""Which events may be sent now, where an endpoint wants each wallet's events in order.

Events of a wallet stand in a line. Only the first of a line is sent, and the next one when that has
arrived or is given up. A head that fails holds its line for a bounded time; then the others go on,
and it is retried beside them. An event of two wallets stands in both lines.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable

from relay.event_data import data_of


def wallets_of(type_: str, body: str) -> frozenset[str]:
    """Return the wallets that order an event. The outside, @world and others that begin with @,
    orders nothing: all credits would be one line."""
    data = data_of(body)
    found = {
        wallet for posting in data.postings for wallet in (posting.source, posting.destination)
    }
    if type_.startswith("wallet."):
        found.add(str(data.id))
    return frozenset(wallet for wallet in found if not wallet.startswith("@"))


class Lines:
    """add() events, ask is_first(), and tell what becomes of each. Times are of one clock."""

    def __init__(self, hold_s: float) -> None:
        """hold_s: for how long a head that fails holds its line."""
        self.hold_s = hold_s
        self.lines: dict[str, list[int]] = {}
        self.wallets: dict[int, frozenset[str]] = {}
        self.failed_at: dict[int, float] = {}
        self.let_go: set[int] = set()  # Retried beside their lines.

    def add(self, seq: int, wallets: frozenset[str]) -> None:
        if seq in self.wallets or seq in self.let_go:
            return
        self.wallets[seq] = wallets
        for wallet in wallets:
            bisect.insort(self.lines.setdefault(wallet, []), seq)

    def is_first(self, seq: int) -> bool:
        """Return whether no event before this one is still to arrive at any of its wallets."""
        return all(self.lines[wallet][0] == seq for wallet in self.wallets.get(seq, ()))

    def fail(self, seq: int, at: float) -> None:
        """The event was tried and will be retried."""
        self.failed_at.setdefault(seq, at)

    def settle(self, seq: int) -> None:
        """The event has arrived, or is given up."""
        self.leave(seq)
        self.let_go.discard(seq)

    def release(self, now: float) -> None:
        """Let go of the heads that have failed for too long."""
        for seq in [seq for seq, at in self.failed_at.items() if now - at >= self.hold_s]:
            self.leave(seq)
            self.let_go.add(seq)

    def forget(self, seqs: Iterable[int]) -> None:
        """These are read anew. Those that were tried before go on holding their lines."""
        for seq in seqs:
            if seq not in self.failed_at:
                self.leave(seq)

    def leave(self, seq: int) -> None:
        self.failed_at.pop(seq, None)
        for wallet in self.wallets.pop(seq, ()):
            line = self.lines[wallet]
            line.remove(seq)
            if not line:
                del self.lines[wallet]
