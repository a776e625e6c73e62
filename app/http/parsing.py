"""Checks of values in requests: every limit that needs no database.

A float is never money. Amounts are JSON integers or strings of digits, and go on as text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Raw

from app.errors import Refusal
from app.event_filter import are_kinds, are_types, are_wallets
from app.http import bodies
from app.http.bodies import (
    EMPTY,
    MAX_ID,
    Amount,
    Condition,
    Part,
    PostingRequest,
)

MAX_DIGITS = len(str(MAX_ID))
METADATA_LIMIT, METADATA_DEPTH = 16384, 32
MAX_TEXT = 1024  # bytes
DIGITS = re.compile(r"[1-9][0-9]{0,37}")
INTEGER = re.compile(r"0|-?[1-9][0-9]{0,37}")
MAX_SCALE = 38
WALLET_ID = re.compile(bodies.WALLET_ID)
KEY = re.compile(r"[ -~]{1,255}")
OFFSET = re.compile(r".*(Z|[+-][0-9]{2}:[0-9]{2})", re.IGNORECASE)

NUMBER = re.compile(r"-?([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?")


def posting(given: PostingRequest) -> tuple[str, str, str]:
    """Return (source, destination, amount as digits). Raises Refusal."""
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
    """Return the JSON object as it came, or None for an empty one. Raises Refusal for what Postgres
    would not store."""
    if raw is EMPTY:
        return None
    data = bytes(raw)
    try:
        value = ANY.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Refusal("invalid_metadata") from None
    if not isinstance(value, dict) or len(data) > METADATA_LIMIT or not storable(value, 0):
        raise Refusal("invalid_metadata")
    return data.decode()


def storable_number(text: str) -> str:
    """Return a number with a fraction or an exponent as it is spelled, if jsonb takes it; jsonb
    stores every digit. Raises Refusal.

    Postgres's numeric has up to 131,072 digits before the point and 16,383 after it.
    """
    whole, fraction, exponent = NUMBER.fullmatch(text).groups(default="")  # type: ignore[union-attr]
    # An exponent of more than 6 digits is too large whatever stands before it.
    shift = int(exponent or 0) if len(exponent) < 8 else 10**7
    if len(whole) + shift > 131_072 or len(fraction) - shift > 16_383:
        raise Refusal("invalid_metadata")
    return text


ANY = msgspec.json.Decoder(float_hook=storable_number)


def storable(value: Any, depth: int) -> bool:
    if depth > METADATA_DEPTH:
        return False
    if isinstance(value, str):
        return "\0" not in value
    if isinstance(value, dict):
        return all("\0" not in name and storable(item, depth + 1) for name, item in value.items())
    return not isinstance(value, list) or all(storable(item, depth + 1) for item in value)


def conditions_text(conditions: list[Condition] | None) -> str | None:
    """Return the conditions as JSON for SQL. Raises Refusal."""
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
    """Parse RFC 3339 with an offset. Raises Refusal with this code."""
    if text is None:
        return None
    try:
        at = msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        at = None
    if at is None or at.tzinfo is None or not OFFSET.fullmatch(text):
        raise Refusal(code)
    try:
        return at.astimezone(UTC)
    except OverflowError:  # In UTC it is in the year 0 or 10000.
        raise Refusal(code) from None


def optional(check: Callable[[Any], str], value: object) -> str | None:
    """Return what `check` makes of a value that may be left out."""
    return None if value is None else check(value)


def parts(given: Sequence[Part] | None) -> list[dict[str, Any]] | None:
    """Return parts of postings of a hold or transaction, as zerosum.options_fault defines them.
    Raises Refusal."""
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
    """Return the members that are given. A member that is left out must not change a request's
    fingerprint."""
    return {name: value for name, value in members.items() if value is not None}


def options_text(options: dict[str, Any]) -> str | None:
    """Return the options that are given, as JSON for SQL."""
    given = present(**options)
    return msgspec.json.encode(given).decode() if given else None


def plain_text(text: str | None, code: str) -> str | None:
    """Return a reference or description. Raises Refusal for a NUL, which Postgres does not store."""
    if text is not None and "\0" in text:
        raise Refusal(code)
    return text


def short_text(text: str | None, code: str) -> str | None:
    """Return a text of at most 1,024 bytes without NUL. Raises Refusal."""
    if text is not None and len(text.encode(errors="replace")) > MAX_TEXT:
        raise Refusal(code)
    return plain_text(text, code)


def key_text(key: str | None, longest: int = 255) -> str | None:
    if key is not None and (len(key) > longest or not KEY.fullmatch(key)):
        raise Refusal("invalid_key")
    return key


def scale(value: int) -> int:
    if not 0 <= value <= MAX_SCALE:
        raise Refusal("invalid_asset")
    return value


def number(digits: str) -> int:
    """Return the number in a path. For more digits than an id can have return a number that no id
    has, since int() refuses thousands of digits."""
    return int(digits) if len(digits) <= MAX_DIGITS else MAX_ID + 1


def check_filter(
    types: Sequence[str], wallets: Sequence[str] = "*", kinds: Sequence[str] = "*"
) -> None:
    """Raise Refusal unless these select events."""
    if not are_types(types):
        raise Refusal("invalid_types")
    if not are_wallets(wallets) or not are_kinds(kinds):
        raise Refusal("invalid_filter")


def wallet_id(text: str) -> str:
    if not WALLET_ID.fullmatch(text):
        raise Refusal("invalid_wallet_id", wallet=text)
    return text
