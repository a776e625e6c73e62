"""Reading a request's body: its size, its form, and the codes of its members when they are wrong."""

from __future__ import annotations

import json
import re
from typing import Any, TypeVar

import msgspec
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from app.errors import Refusal
from app.http.headers import field

BODY_LIMIT = 1024 * 1024
# How many bytes of bodies that are larger than SMALL all requests together may have in memory.
ALL_BODIES, SMALL = 64 * 1024 * 1024, 64 * 1024
HELD = "zerosum.body"  # In the scope: how much of ALL_BODIES this request has.
PATH_IN_MESSAGE = re.compile(r"`\$(?:\[[.0-9]*\])*\.?(?:\w+(?:\[[.0-9]*\])*\.)*(\w+)`")

# The codes of members that are wrong, where they have one of their own.
MEMBER_CODES = {
    "amount": "invalid_amount",
    "postings": "invalid_postings",
    "metadata": "invalid_metadata",
    "effective_at": "invalid_effective_at",
    "if": "invalid_conditions",
    "version": "invalid_conditions",
    "min_available_after": "invalid_conditions",
    "expires_at": "invalid_expires_at",
    "posting": "invalid_postings",
    "min_balance": "invalid_limits",
    "max_balance": "invalid_limits",
    "types": "invalid_types",
    "wallets": "invalid_filter",
    "kinds": "invalid_filter",
    "scale": "invalid_asset",
    "code": "invalid_asset",
}


T = TypeVar("T")


async def read_body(
    scope: Scope, receive: Receive, decoder: msgspec.json.Decoder[T], limit: int = BODY_LIMIT
) -> T:
    """Return the body as the decoder's type. Raises Refusal. limit: bytes."""
    content_type = field(scope, b"content-type") or ""
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise Refusal("unsupported_media_type")
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        part = message.get("body", b"")
        parts.append(part)
        size += len(part)
        if size > limit:
            raise Refusal("body_too_large", limit=limit)
        if size > SMALL:
            MEMORY.hold(scope, size)
        if not message.get("more_body"):
            body = b"".join(parts)
            value = decode(decoder, body)
            refuse_repeated_members(body)
            return value


class Memory:
    """Counts the memory that large bodies take, until their requests are answered."""

    def __init__(self) -> None:
        self.held = 0

    def hold(self, scope: Scope, size: int) -> None:
        """This request's body has so many bytes by now. Raises Refusal when all bodies together
        have too many."""
        more = size - scope.get(HELD, 0)
        if self.held + more > ALL_BODIES:
            raise Refusal("queue_full")
        self.held += more
        scope[HELD] = size

    def release(self, scope: Scope) -> None:
        """This request is answered."""
        self.held -= scope.get(HELD, 0)


MEMORY = Memory()


def decode(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        member = PATH_IN_MESSAGE.search(str(error))
        code = MEMBER_CODES.get(member[1], "invalid_body") if member else "invalid_body"
        raise Refusal(code, reason=str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refusal("invalid_body", reason=f"It is not JSON: {error}") from None


def refuse_repeated_members(body: bytes) -> None:
    """Raise Refusal for an object that names a member twice: of two amounts each reader would take
    another."""
    try:
        MEMBERS.decode(body.decode())
    except RecursionError:
        raise Refusal("invalid_body", reason="It is nested too deep.") from None


def once(pairs: list[tuple[str, Any]]) -> None:
    """The JSON decoder calls this with each object's members."""
    if len(dict(pairs)) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Refusal("invalid_body", reason=f"{twice} is there twice.")


# Only the hook is wanted. Numbers, which may have thousands of digits, need not be made.
MEMBERS = json.JSONDecoder(object_pairs_hook=once, parse_int=len, parse_float=len)
