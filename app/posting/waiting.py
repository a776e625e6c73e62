"""Requests that wait to be posted, and a batch of them as zerosum.post's parallel arrays."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from app.errors import Refusal

DEADLINE_S = 25.0  # Hosts end a request after 30 s.

CLAIM_NOTHING = {"request_in_progress"}

Answer = tuple[str, str]


@dataclass(slots=True)
class PostRequest:
    """One request for zerosum.post. postings: (source, destination, amount as digits)."""

    ledger: int
    kind: str
    postings: list[tuple[str, str, str]]
    key: str | None = None
    reference: str | None = None
    description: str | None = None
    metadata: str | None = None
    effective_at: datetime | None = None
    conditions: str | None = None
    options: str | None = None

    def wallets(self) -> set[tuple[int, str]]:
        """Return all wallets that the request would lock, as far as it names them. A hold or
        transaction that it refers to stands for that one's wallets."""
        named = {(self.ledger, name) for posting in self.postings for name in posting[:2]}
        if self.conditions is not None:
            named |= {(self.ledger, one["wallet"]) for one in json.loads(self.conditions)}
        if self.options is not None and not self.postings:
            options = json.loads(self.options)
            named |= {
                (self.ledger, f"{what}/{options[what]}")  # No wallet's id has a slash.
                for what in ("hold", "transaction")
                if what in options
            }
        return named


class Written(Enum):
    """What is known of a request that is not answered yet.

    no: it was never sent, or the server proved that it rolled it back.
    under_way: an attempt at it is being made.
    unknown: an attempt ended without a word. Only an answer by the request's key can end that; no later
        failure can.
    """

    NO = "no"
    UNDER_WAY = "under way"
    UNKNOWN = "unknown"


@dataclass(slots=True, eq=False)
class Waiting:
    """A request, or an atomic batch of requests, that waits; the answer is a list of one answer
    each.

    atomic: all post or none. late: the code to refuse with if the deadline passes while nothing is
    written. gone: returns whether the client has left. locked: the wallet that Postgres found
    locked, whether or not the request names it (a capture names its hold). named: what the slow
    lane counts it under.
    """

    requests: list[PostRequest]
    answer: asyncio.Future[list[Answer]]
    deadline: float
    began: float
    gone: Callable[[], Awaitable[bool]] | None = None
    written: Written = Written.NO
    late: str = "database_unavailable"
    atomic: bool = False
    locked: str | None = None
    named: frozenset[tuple[int, str]] = frozenset()

    @property
    def ledger(self) -> int:
        return self.requests[0].ledger

    @property
    def postings(self) -> int:
        return sum(len(request.postings) for request in self.requests)

    def wallets(self) -> frozenset[tuple[int, str]]:
        """Return all wallets that it would lock, as far as is known."""
        named = {name for request in self.requests for name in request.wallets()}
        if self.locked is not None:
            named.add((self.ledger, self.locked))
        return frozenset(named)

    def expired(self) -> bool:
        """Return whether it is answered. If its deadline has passed, it is answered now."""
        if not self.answer.done() and self.deadline <= time.monotonic():
            self.refuse(self.late)
        return self.answer.done()

    def send(self) -> None:
        """An attempt begins."""
        if self.written is Written.NO:
            self.written = Written.UNDER_WAY

    def roll_back(self) -> None:
        """The server says that the attempt wrote nothing."""
        if self.written is Written.UNDER_WAY:
            self.written = Written.NO

    def lose(self) -> None:
        """The attempt, if it had begun, ended without a word."""
        if self.written is Written.UNDER_WAY:
            self.written = Written.UNKNOWN

    def settle(self, answers: list[Answer]) -> None:
        if not self.answer.done():
            self.answer.set_result(answers)

    def refuse(self, code: str) -> None:
        """Answer with this code, which says that nothing was written; or with outcome_unknown if
        that is not certain."""
        if self.written is not Written.NO and code not in CLAIM_NOTHING:
            code = "outcome_unknown"
        if not self.answer.done():
            self.answer.set_exception(Refusal(code))


def wait(
    requests: list[PostRequest],
    gone: Callable[[], Awaitable[bool]] | None = None,
    atomic: bool = False,
) -> Waiting:
    now = time.monotonic()
    answer = asyncio.get_running_loop().create_future()
    return Waiting(requests, answer, now + DEADLINE_S, now, gone, atomic=atomic)


def together(batch: list[Waiting], skip_locked: bool = False) -> tuple[object, ...]:
    """Return the batch, all of one ledger, as zerosum.post's arguments."""
    requests = [request for waiting in batch for request in waiting.requests]
    units: list[int | None] = []
    if any(waiting.atomic for waiting in batch):
        for number, waiting in enumerate(batch):
            units += [number if waiting.atomic else None] * len(waiting.requests)
    return arguments(requests, units, skip_locked)


def arguments(
    requests: list[PostRequest], units: Sequence[int | None], skip_locked: bool = False
) -> tuple[object, ...]:
    """Return zerosum.post's arguments. units: for each request the number of its atomic batch, or
    None; may be empty."""
    owners, sources, destinations, amounts = [], [], [], []
    for i, request in enumerate(requests, 1):
        for source, destination, amount in request.postings:
            owners.append(i)
            sources.append(source)
            destinations.append(destination)
            amounts.append(amount)
    return (
        requests[0].ledger,
        [request.kind for request in requests],
        [request.key for request in requests],
        owners,
        sources,
        destinations,
        amounts,
        rare([request.reference for request in requests]),
        rare([request.description for request in requests]),
        rare([request.metadata for request in requests]),
        rare([request.effective_at for request in requests]),
        skip_locked,
        rare([request.conditions for request in requests]),
        rare([request.options for request in requests]),
        rare(units),
    )


def rare(values: Sequence[object]) -> Sequence[object]:
    """Return an empty list instead of one that is all None: it means the same, and costs nothing to
    send."""
    return values if any(value is not None for value in values) else []
