"""Requests that wait to be posted, and a batch of them as zerosum.post's parallel arrays."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.errors import Refusal

DEADLINE_S = 25.0  # Hosts cut a request at 30 s.

Answer = tuple[str, str]


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
    conditions: str | None = None
    options: str | None = None

    def wallets(self) -> set[tuple[int, str]]:
        """All that it would lock."""
        named = {(self.ledger, name) for posting in self.postings for name in posting[:2]}
        if self.conditions is not None:
            named |= {(self.ledger, one["wallet"]) for one in json.loads(self.conditions)}
        return named


@dataclass(slots=True, eq=False)
class Waiting:
    """A request on its way. sent: it may have been written, as far as we know. gone: has its client left?"""

    request: PostRequest
    answer: asyncio.Future[Answer]
    deadline: float
    began: float
    gone: Callable[[], Awaitable[bool]] | None = None
    sent: bool = False

    def expired(self) -> bool:
        """Is it answered, or out of time? Then it is answered now."""
        if not self.answer.done() and self.deadline <= time.monotonic():
            self.refuse("outcome_unknown" if self.sent else "database_unavailable")
        return self.answer.done()

    def settle(self, answer: Answer) -> None:
        if not self.answer.done():
            self.answer.set_result(answer)

    def refuse(self, code: str, **facts: str) -> None:
        if not self.answer.done():
            self.answer.set_exception(Refusal(code, **facts))


def wait(request: PostRequest, gone: Callable[[], Awaitable[bool]] | None = None) -> Waiting:
    now = time.monotonic()
    answer = asyncio.get_running_loop().create_future()
    return Waiting(request, answer, now + DEADLINE_S, now, gone)


def arguments(requests: list[PostRequest], skip_locked: bool = False) -> tuple[object, ...]:
    """The batch, all of one ledger, as zerosum.post's arguments."""
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
        *(skip_locked, rare([r.conditions for r in requests]), rare([r.options for r in requests])),
    )


def rare(values: Sequence[object]) -> Sequence[object]:
    """An array that is all null goes as an empty one, which means the same and costs nothing."""
    return values if any(value is not None for value in values) else []
