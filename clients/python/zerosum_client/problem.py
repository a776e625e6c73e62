"""What a client raises."""

from __future__ import annotations

from typing import Any


class ZerosumError(Exception):
    """Everything that this client raises."""


class Problem(ZerosumError):
    """The server refused the request: a problem body (RFC 9457). Each code has a class of its own,
    such as InsufficientFunds.

    code: the stable name. detail: what to do, in words. facts: the further members, such as
    `wallet` and `available`.
    """

    def __init__(self, body: dict[str, Any], status: int) -> None:
        self.status = status
        self.code: str = body.get("code", "unknown")
        self.title: str = body.get("title", "")
        self.detail: str = body.get("detail", "")
        self.facts = {
            name: value
            for name, value in body.items()
            if name not in {"type", "title", "status", "code", "detail"}
        }
        super().__init__(f"{self.code}: {self.detail or self.title}")


class NoAnswer(ZerosumError):
    """No answer came, after all tries: the server could not be reached, or was silent.

    idempotency_key: of a request that may have moved money. Send the same request with it again to
    learn the outcome; a new key would be a new request.
    """

    def __init__(self, why: str, idempotency_key: str | None = None) -> None:
        super().__init__(why)
        self.idempotency_key = idempotency_key
