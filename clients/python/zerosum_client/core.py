"""What both clients share: how a request is spelled, what its answer means, and whether it is sent
again. Nothing here waits or sends."""

from __future__ import annotations

import json
import random
import secrets
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final
from urllib.parse import quote

import httpx

from zerosum_client.errors import BY_CODE
from zerosum_client.problem import NoAnswer, Problem

# Full jitter: the wait before try n is drawn from 0 to the smaller of LONGEST_S and FIRST_S * 2^n.
FIRST_S, LONGEST_S = 0.1, 5.0
# Refused before anything was written: the same request may be sent again, with a key or without.
NOTHING_WRITTEN = frozenset({"database_unavailable", "queue_full", "wallet_busy", "rate_limited"})
# With a key the same request is answered the same, so it may be sent again to learn the outcome.
SETTLED_BY_ASKING = frozenset({"outcome_unknown", "request_in_progress", "internal_error"})


class Unset(Enum):
    """A member that is not sent. None is sent, as null."""

    UNSET = "unset"


UNSET: Final = Unset.UNSET


@dataclass(frozen=True)
class Call:
    """A request. reads: what its answer is read as. key: its Idempotency-Key."""

    method: str
    path: str
    query: Mapping[str, Any]
    body: Mapping[str, Any] | None
    key: str | None
    reads: str

    @property
    def repeatable(self) -> bool:
        """Whether the same request twice does what once does."""
        return self.method in {"GET", "PUT", "PATCH", "DELETE"} or self.key is not None

    def sent(self, client: httpx.Client | httpx.AsyncClient) -> httpx.Request:
        headers = {"Idempotency-Key": self.key} if self.key is not None else {}
        if self.body is None:
            return client.build_request(self.method, self.path, params=self.query, headers=headers)
        headers["Content-Type"] = "application/json"
        content = json.dumps(self.body, separators=(",", ":")).encode()
        return client.build_request(
            self.method, self.path, params=self.query, headers=headers, content=content
        )

    def read(self, answer: httpx.Response) -> Any:
        """Return what an answer of success says. Raises Problem for any other."""
        if answer.is_success:
            if self.reads == "json":
                return json.loads(answer.content)
            return {"str": answer.text, "bytes": answer.content}.get(self.reads)
        try:
            body = json.loads(answer.content)
        except ValueError:
            body = {}
        if not isinstance(body, dict):
            body = {}
        kind = BY_CODE.get(str(body.get("code")), Problem)
        raise kind(body, answer.status_code)


def make_call(
    method: str,
    path: str,
    query: Mapping[str, Any] | None,
    body: Mapping[str, Any] | None,
    keyed: bool,
    key: str | None,
    reads: str,
) -> Call:
    """Return the request without what was not given. A request that may carry a key gets one, so
    that it can be sent again."""
    given = {
        name: spelled(value)
        for name, value in (query or {}).items()
        if value is not UNSET and value is not None
    }
    sent = None
    if body is not None:
        sent = {name: value for name, value in body.items() if value is not UNSET}
    drawn = key if key is not None or not keyed else rising_key()
    return Call(method, path, given, sent, drawn, reads)


def rising_key() -> str:
    """Return a UUIDv7 (RFC 9562): the database finds keys that rise with time in one place of their
    index, and random ones all over it."""
    milliseconds = time.time_ns() // 1_000_000
    drawn = secrets.randbits(12) << 64 | secrets.randbits(62)
    return str(uuid.UUID(int=milliseconds << 80 | 0x7 << 76 | 0b10 << 62 | drawn))


def spelled(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


class Retries:
    """Decides after each failure: wait so long and send again, or raise."""

    def __init__(self, call: Call, most: int) -> None:
        self.call, self.left, self.number = call, most, 0

    def after_problem(self, problem: Problem, answer: httpx.Response) -> float:
        """Return the seconds to wait. Raises the problem if another try would not help."""
        again = problem.code in NOTHING_WRITTEN or (
            self.call.repeatable and (problem.code in SETTLED_BY_ASKING or problem.status >= 502)
        )
        if not again or self.left <= 0:
            raise problem
        return max(self.wait_s(), asked_s(answer))

    def after_silence(self, error: httpx.TransportError) -> float:
        """Return the seconds to wait. Raises NoAnswer if another try would not be safe, or all are
        used up."""
        sent = not isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
        if self.left <= 0 or (sent and not self.call.repeatable):
            why = str(error) or type(error).__name__
            raise NoAnswer(why, self.call.key if sent else None) from error
        return self.wait_s()

    def wait_s(self) -> float:
        self.left -= 1
        self.number += 1
        longest = min(LONGEST_S, FIRST_S * 2**self.number)
        return random.uniform(0, longest)  # noqa: S311


def asked_s(answer: httpx.Response) -> float:
    """Return the seconds that Retry-After asks for, at most a minute."""
    text = answer.headers.get("retry-after", "")
    return min(60.0, float(text)) if text.isascii() and text.isdigit() else 0.0


class Base:
    """What operations spell their requests with."""

    @staticmethod
    def segment(value: object) -> str:
        """Return a value as one segment of a path."""
        return quote(str(value), safe="")

    @staticmethod
    def filters(metadata: Mapping[str, str] | Unset) -> dict[str, str]:
        if metadata is UNSET:
            return {}
        return {f"metadata.{name}": value for name, value in metadata.items()}


class SyncBase(Base):
    def call(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        keyed: bool = False,
        key: str | None = None,
        reads: str = "json",
    ) -> Any:
        raise NotImplementedError


class AsyncBase(Base):
    async def call(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        keyed: bool = False,
        key: str | None = None,
        reads: str = "json",
    ) -> Any:
        raise NotImplementedError
