"""Amounts in JSON: integers, or strings for clients whose numbers stop at 2^53."""

from __future__ import annotations

import re

import msgspec
from msgspec import Raw

OBJECT, LIST = msgspec.json.Decoder(dict[str, Raw]), msgspec.json.Decoder(list[Raw])
INTEGER = re.compile(rb"-?[0-9]+")
# Members whose value is an amount, everywhere but inside metadata.
AMOUNTS = frozenset(
    [
        "amount",
        "balance",
        "posted",
        "held",
        "available",
        "would_be",
        "min_balance",
        "max_balance",
        "captured",
        "remaining",
        "floor_debt",
        "sum",
    ]
)


def quote_amounts(body: bytes) -> bytes:
    """Return this JSON with its amounts as strings. Metadata, and all that is no amount, keeps its
    spelling."""
    if body.startswith(b"["):
        items = LIST.decode(body)
        return b"[" + b",".join(quote_amounts(bytes(item)) for item in items) + b"]"
    if not body.startswith(b"{"):
        return body
    return msgspec.json.encode(
        {name: Raw(quoted(name, bytes(value))) for name, value in OBJECT.decode(body).items()}
    )


def quoted(name: str, value: bytes) -> bytes:
    """Return a member's value, as quote_amounts() spells it."""
    if name == "metadata":
        return value
    if name in AMOUNTS and INTEGER.fullmatch(value):
        return b'"' + value + b'"'
    return quote_amounts(value)
