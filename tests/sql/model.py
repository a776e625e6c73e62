"""The ledger as a model in Python, short enough to be believed: what a request is answered, and
what it leaves.

There is one asset. A request is answered with the first thing that is wrong with it, in the order
in which the core checks.
"""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from typing import Any

from tests.support.ledger import Request

LARGEST = 10**38 - 1
Limits = dict[str, tuple[int | None, int | None]]


@dataclass
class Part:
    """A posting of a hold or of a transaction. left: what it still reserves, or what is not
    reversed yet."""

    source: str
    destination: str
    left: int


@dataclass
class Hold:
    parts: list[Part]
    status: str = "pending"


@dataclass
class Move:
    """What a posting of a request does. Without a destination it only releases. part: what it takes
    from."""

    source: str
    destination: str | None
    amount: int
    part: Part | None = None
    freed: int = 0


class Model:
    """Wallets with their limits, status and held amounts, and keys with what they meant."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.balances = dict.fromkeys(limits, 0)
        self.versions = dict.fromkeys(limits, 0)
        self.held = dict.fromkeys(limits, 0)
        self.debts = dict.fromkeys(limits, 0)  # how far a forced reversal took it below its floor
        self.shut: dict[str, str] = {}  # frozen, frozen_out (it may receive), closed
        self.keys: dict[str, Any] = {}
        self.holds: dict[int, Hold] = {}
        self.moved: dict[int, list[Part]] = {}

    def add(self, name: str, low: int | None, high: int | None) -> None:
        self.limits[name] = (low, high)
        self.balances[name] = self.versions[name] = self.held[name] = self.debts[name] = 0

    # Requests

    def decide(self, request: Request, beside: tuple[Request, ...] = ()) -> str:
        """Return `posted`, `replayed` or a refusal's code. beside: all requests of its atomic
        batch."""
        if any(source == destination for source, destination, _ in request.postings):
            return "same_wallet"
        meaning = (request.kind, request.postings, request.conditions, request.options, beside)
        if request.key in self.keys:
            same = self.keys[request.key] == meaning
            return "replayed" if same else "idempotency_key_reused"
        verbs = {
            "hold": self.place,
            "capture": self.capture,
            "void": self.void,
            "reversal": self.reverse,
        }
        outcome = verbs.get(str(request.kind), self.move)(request)
        if outcome == "posted" and request.key is not None:
            self.keys[request.key] = meaning
        return outcome

    def decide_together(self, requests: list[Request]) -> list[str]:
        """Decide an atomic batch: if one request is refused, nothing is done."""
        before = copy.deepcopy(self.__dict__)
        outcomes = []
        for request in requests:
            outcomes.append(self.decide(request, tuple(requests)))
            if outcomes[-1] not in {"posted", "replayed"}:
                self.__dict__.update(before)
                undone = ["undone"] * len(requests)
                undone[len(outcomes) - 1] = outcomes[-1]
                return undone
        return outcomes

    def move(self, request: Request) -> str:
        moves = [Move(*posting) for posting in request.postings]
        conditions = json.loads(request.conditions or "[]")
        for condition in conditions:
            version = self.versions[condition["wallet"]]
            if condition.get("version", version) != version:
                return "wallet_changed"
        for move in moves:
            if (flaw := self.first_shut(move)) is not None:
                return flaw
        return self.settle(moves, conditions=conditions)

    def place(self, request: Request) -> str:
        moves = [Move(s, d, 0, freed=-amount) for s, d, amount in request.postings]
        for move in moves:
            if (flaw := self.first_shut(move)) is not None:
                return flaw
        return self.settle(moves)

    def capture(self, request: Request) -> str:
        options = json.loads(request.options or "")
        hold = self.holds[options["hold"]]
        wanted = self.wanted(hold.parts, options)
        if isinstance(wanted, str):
            return wanted
        moves = []
        for part, one in zip(hold.parts, wanted, strict=True):
            goes_to = None if one is None else options.get("destination", part.destination)
            moves.append(Move(part.source, goes_to, amount_of(part, one), part))
        if any(move.source == move.destination for move in moves):
            return "same_wallet"
        for move in moves:
            if (flaw := self.first_shut(move)) is not None:
                return flaw
            if hold.status != "pending":
                return "hold_" + hold.status
            assert move.part is not None
            if move.amount > move.part.left:
                return "hold_exceeded"
            move.freed = move.part.left if options.get("final") else move.amount
        if not any(move.amount for move in moves):
            return "hold_exceeded"
        outcome = self.settle(moves)
        if outcome == "posted" and not any(part.left for part in hold.parts):
            hold.status = "captured"
        return outcome

    def void(self, request: Request) -> str:
        hold = self.holds[json.loads(request.options or "")["hold"]]
        if hold.status != "pending":
            return "hold_" + hold.status
        hold.status = "voided"
        return self.settle([Move(p.source, None, 0, p, p.left) for p in hold.parts])

    def expire(self, number: int) -> None:
        hold = self.holds[number]
        hold.status = "expired"
        for part in hold.parts:
            self.held[part.source] -= part.left
            part.left = 0

    def reverse(self, request: Request) -> str:
        options = json.loads(request.options or "")
        parts = self.moved[options["transaction"]]
        wanted = self.wanted(parts, options)
        if isinstance(wanted, str):
            return wanted
        moves = []
        for part, one in zip(parts, wanted, strict=True):
            if one is None:
                continue
            move = Move(part.destination, part.source, amount_of(part, one), part)
            if (flaw := self.first_shut(move)) is not None:
                return flaw
            if move.amount > part.left:
                return "reversal_exceeded"
            moves.append(move)
        if not any(move.amount for move in moves):
            return "reversal_exceeded"
        return self.settle(moves, force=options.get("force", False))

    def wanted(
        self, parts: list[Part], options: dict[str, Any]
    ) -> list[dict[str, Any] | None] | str:
        """Return what is asked of each part, None for parts that are not named; or what is wrong
        with that."""
        if "postings" not in options:
            if "amount" in options and len(parts) > 1:
                return "invalid_postings"
            return [options] * len(parts)
        named = {one["posting"]: one for one in options["postings"]}
        if max(named) > len(parts):
            return "invalid_postings"
        return [named.get(number) for number in range(1, len(parts) + 1)]

    def first_shut(self, move: Move) -> str | None:
        if move.destination is None:
            return None
        if move.source in self.shut:
            return "wallet_" + self.shut[move.source].removesuffix("_out")
        if self.shut.get(move.destination, "frozen_out") != "frozen_out":
            return "wallet_" + self.shut[move.destination]
        return None

    def settle(self, moves: list[Move], force: bool = False, conditions: Any = ()) -> str:
        """Apply everything, unless its net effect breaks a limit."""
        after, held = dict(self.balances), dict(self.held)
        for move in moves:
            for name, change in ((move.source, -move.amount), (move.destination, move.amount)):
                if name in after:
                    after[name] += change
            if move.source in held:
                held[move.source] -= move.freed
        for move in moves:
            low = self.too_low(move.source, after, held, force)
            if (flaw := low or self.too_high(move.destination, after)) is not None:
                return flaw
        for condition in conditions:
            least, name = condition.get("min_available_after"), condition["wallet"]
            if least is not None and after[name] - held[name] < least:
                return "available_too_low"
        self.balances, self.held = after, held
        for move in moves:
            self.note(move)
        return "posted"

    def note(self, move: Move) -> None:
        if move.part is not None:
            move.part.left -= move.freed or move.amount
        for name in self.limits.keys() & {move.source, move.destination}:
            self.versions[name] += move.amount > 0
            low = self.limits[name][0]
            available = self.balances[name] - self.held[name]
            self.debts[name] = 0 if low is None else max(0, low - available)

    def too_low(
        self, name: str, after: dict[str, int], held: dict[str, int], force: bool
    ) -> str | None:
        low = self.limits.get(name, (None, None))[0]
        if name not in after or force:
            return None
        floor = -LARGEST if low is None else low - self.debts[name]
        if after[name] - held[name] >= floor:
            return None
        return "balance_overflow" if low is None else "insufficient_funds"

    def too_high(self, name: str | None, after: dict[str, int]) -> str | None:
        if name not in after or name is None:
            return None
        high = self.limits[name][1]
        if after[name] <= (LARGEST if high is None else high):
            return None
        return "balance_overflow" if high is None else "max_balance_exceeded"

    # A wallet's life

    def freeze(self, name: str, receives: bool) -> str:
        if self.shut.get(name) == "closed":
            return "wallet_closed"
        self.shut[name] = "frozen_out" if receives else "frozen"
        return "done"

    def unfreeze(self, name: str) -> str:
        if self.shut.get(name) == "closed":
            return "wallet_closed"
        self.shut.pop(name, None)
        return "done"

    def close(self, name: str) -> str:
        if self.balances[name] != 0 or self.held[name] != 0:
            return "wallet_not_empty"
        self.shut[name] = "closed"
        return "done"

    def limit(self, name: str, low: int | None, high: int | None) -> str:
        if self.shut.get(name) == "closed":
            return "wallet_closed"
        balance = self.balances[name]
        below = low is not None and balance - self.held[name] < low
        owed = low == self.limits[name][0] and self.debts[name] > 0
        if (below and not owed) or (high is not None and balance > high):
            return "balance_outside_limits"
        self.limits[name] = (low, high)
        self.debts[name] = self.debts[name] if owed else 0
        return "done"


def amount_of(part: Part, one: dict[str, Any] | None) -> int:
    if one is None:
        return 0
    return int(one["amount"]) if "amount" in one else part.left
