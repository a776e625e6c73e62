"""A webhook on its way: what is sent, where to and how, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from relay.webhooks.signing import Signer

TIMEOUT_S = 15


@dataclass(frozen=True, slots=True)
class Target:
    """An endpoint as its sender needs it. signers: each signs. headers: those of its owner, in lower
    case. strings: amounts are strings in what is sent. timeout_s: for the whole answer."""

    url: str
    signers: Sequence[Signer]
    headers: dict[str, str] = field(default_factory=dict)
    strings: bool = False
    timeout_s: float = TIMEOUT_S


@dataclass(frozen=True, slots=True)
class Message:
    """What goes to an endpoint. body: the event's bytes, as they are sent."""

    id: str
    target: Target
    body: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """status: of HTTP, None when there was no answer. error: why it is not delivered, for people.

    retry_after_s: the wait that the endpoint asked for. address: what was dialled last. answer: the
    beginning of the answer's body.
    """

    delivered: bool
    status: int | None
    error: str | None
    duration_ms: int
    retry_after_s: float | None = None
    address: str | None = None
    answer: str | None = None
