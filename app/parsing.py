"""Reading and checking requests: every limit that needs no database.

A float is never money: amounts are JSON integers or strings of digits, and travel on as text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from msgspec import Raw
from starlette.requests import ClientDisconnect, Request

from app.errors import Refusal
from app.request_types import (
    EMPTY,
    MAX_ID,
    Amount,
    Condition,
    Part,
    PostingRequest,
)

BODY_LIMIT = 1024 * 1024
METADATA_LIMIT, METADATA_DEPTH = 16384, 32
DIGITS = re.compile(r"[1-9][0-9]{0,37}")
INTEGER = re.compile(r"0|-?[1-9][0-9]{0,37}")
ASSET_CODE = re.compile(r"[A-Za-z0-9_.-]{1,32}")
MAX_SCALE = 38
MAX_FILTERS = 10
PREFIX = re.compile(r"[A-Za-z0-9_.:@-]{0,128}")
WALLET_ID = re.compile(r"[A-Za-z0-9_.:@-]{1,128}")
KEY = re.compile(r"[ -~]{1,255}")
OFFSET = re.compile(r".*(Z|[+-][0-9]{2}:[0-9]{2})", re.IGNORECASE)
PATH_IN_MESSAGE = re.compile(r"`\$(?:\[[.0-9]*\])*\.?(?:\w+(?:\[[.0-9]*\])*\.)*(\w+)`")

# What a member that is there but wrong is called, where it has a code of its own.
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
    "scale": "invalid_asset",
    "code": "invalid_asset",
}

T = TypeVar("T")


async def read_body(request: Request, decoder: msgspec.json.Decoder[T]) -> T:
    """The body as the decoder's type; raises Refusal."""
    content_type = request.headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise Refusal("unsupported_media_type")
    body = b""
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")
        if len(body) > BODY_LIMIT:
            raise Refusal("body_too_large", limit=BODY_LIMIT)
        if not message.get("more_body"):
            return decode(decoder, body)


def decode(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        member = PATH_IN_MESSAGE.search(str(error))
        code = MEMBER_CODES.get(member[1], "invalid_body") if member else "invalid_body"
        raise Refusal(code, reason=str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refusal("invalid_body", reason=f"It is not JSON: {error}") from None


def posting(given: PostingRequest) -> tuple[str, str, str]:
    """(source, destination, amount as digits); raises Refusal."""
    return wallet_id(given.source), wallet_id(given.destination), amount_text(given.amount)


def amount_text(amount: Amount) -> str:
    text = str(amount)
    if not DIGITS.fullmatch(text):
        raise Refusal("invalid_amount")
    return text


def limit_text(amount: Amount | None) -> str | None:
    if amount is None:
        return None
    text = str(amount)
    if not INTEGER.fullmatch(text):
        raise Refusal("invalid_limits")
    return text


def metadata_text(raw: Raw) -> str | None:
    """The JSON object as it came, or null for an empty one; raises Refusal for what Postgres would not store."""
    if raw is EMPTY:
        return None
    data = bytes(raw)
    try:
        value = msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Refusal("invalid_metadata") from None
    if not isinstance(value, dict) or len(data) > METADATA_LIMIT or not storable(value, 0):
        raise Refusal("invalid_metadata")
    return data.decode()


def storable(value: Any, depth: int) -> bool:
    if depth > METADATA_DEPTH:
        return False
    if isinstance(value, str):
        return "\0" not in value
    if isinstance(value, dict):
        return all("\0" not in name and storable(item, depth + 1) for name, item in value.items())
    return not isinstance(value, list) or all(storable(item, depth + 1) for item in value)


def conditions_text(conditions: list[Condition] | None) -> str | None:
    """As JSON for SQL; raises Refusal."""
    if conditions is None:
        return None
    for one in conditions:
        wallet_id(one.wallet)
        if one.version is msgspec.UNSET and one.min_available_after is msgspec.UNSET:
            raise Refusal("invalid_conditions")
        if one.min_available_after is not msgspec.UNSET and not INTEGER.fullmatch(
            str(one.min_available_after)
        ):
            raise Refusal("invalid_conditions")
    return msgspec.json.encode(conditions).decode()


def timestamp(text: str | None, code: str = "invalid_effective_at") -> datetime | None:
    """RFC 3339; the offset is required; raises Refusal with this code."""
    if text is None:
        return None
    try:
        at = msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        at = None
    if at is None or at.tzinfo is None or not OFFSET.fullmatch(text):
        raise Refusal(code)
    return at


def optional(check: Callable[[Any], str], value: object) -> str | None:
    """What this makes of a value that may be left out."""
    return None if value is None else check(value)


def parts(given: Sequence[Part] | None) -> list[dict[str, Any]] | None:
    """Some postings of a hold or transaction, as zerosum.options_fault has them; raises Refusal."""
    if given is None:
        return None
    return [
        present(
            posting=one.posting,
            amount=optional(amount_text, one.amount),
            destination=optional(wallet_id, getattr(one, "destination", None)),
        )
        for one in given
    ]


def present(**members: Any) -> dict[str, Any]:
    """Those that are given: so what is left out makes no difference to a request's fingerprint."""
    return {name: value for name, value in members.items() if value is not None}


def options_text(options: dict[str, Any]) -> str | None:
    """As JSON for SQL, without what is not given."""
    given = present(**options)
    return msgspec.json.encode(given).decode() if given else None


def plain_text(text: str | None, code: str) -> str | None:
    """A reference or description: Postgres stores no NUL."""
    if text is not None and "\0" in text:
        raise Refusal(code)
    return text


def idempotency_key(request: Request) -> str | None:
    return key_text(request.headers.get("idempotency-key"))


def key_text(key: str | None, longest: int = 255) -> str | None:
    if key is not None and (len(key) > longest or not KEY.fullmatch(key)):
        raise Refusal("invalid_key")
    return key


def scale(value: int) -> int:
    if not 0 <= value <= MAX_SCALE:
        raise Refusal("invalid_asset")
    return value


def path_number(request: Request, name: str = "id", missing: str = "not_found") -> int:
    """A number in the path; raises Refusal for one that nothing can have."""
    number: int = request.path_params[name]
    if not 0 < number <= MAX_ID:
        raise Refusal(missing)
    return number


def query_limit(request: Request) -> int:
    limit = query_int(request, "limit", 100, 1, 1000)
    assert limit is not None
    return limit


def query_text(request: Request, name: str, form: re.Pattern[str]) -> str | None:
    """A query parameter of this form, or None if it is not given; raises Refusal."""
    text = request.query_params.get(name)
    if text is not None and not form.fullmatch(text):
        raise Refusal("invalid_parameter", reason=f"{name} must match {form.pattern}.")
    return text


def query_metadata(request: Request) -> tuple[list[str], list[str]]:
    """Keys and values of the parameters `metadata.KEY=VALUE`; raises Refusal."""
    pairs = [
        (name.removeprefix("metadata."), value)
        for name, value in request.query_params.multi_items()
        if name.startswith("metadata.")
    ]
    if len(pairs) > MAX_FILTERS or any("\0" in name + value for name, value in pairs):
        raise Refusal("invalid_parameter", reason=f"Give at most {MAX_FILTERS} metadata filters.")
    return [name for name, _ in pairs], [value for _, value in pairs]


def query_int(request: Request, name: str, default: int | None, low: int, high: int) -> int | None:
    """A query parameter that is a whole number within bounds; raises Refusal."""
    text = request.query_params.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,19}", text) or not low <= int(text) <= high:
        raise Refusal("invalid_parameter", reason=f"{name} must be a number from {low} to {high}.")
    return int(text)


def wallet_id(text: str) -> str:
    if not WALLET_ID.fullmatch(text):
        raise Refusal("invalid_wallet_id", wallet=text)
    return text
