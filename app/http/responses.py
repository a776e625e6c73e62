"""JSON answers. SQL spells the bodies; amounts in them become strings for clients that ask for it."""

from __future__ import annotations

import json
import re
from typing import Any

import asyncpg
import msgspec
from msgspec import Raw
from starlette.requests import Request
from starlette.responses import Response

from app.errors import problem as make_problem
from app.errors import problem_body
from app.http.headers import field

OBJECT, LIST = msgspec.json.Decoder(dict[str, Raw]), msgspec.json.Decoder(list[Raw])
INTEGER = re.compile(rb"-?[0-9]+")
# Members whose value is an amount, wherever they stand but inside metadata.
AMOUNTS = frozenset(
    {
        *("amount", "balance", "posted", "held", "available", "would_be", "min_balance"),
        *("max_balance", "captured", "remaining", "floor_debt", "sum"),
    }
)


def answer(
    request: Request, body: str, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    """A response with this JSON body; `Zerosum-Amounts: string` quotes the amounts in it."""
    return Response(amounts_as_asked(request, body), status, headers, "application/json")


def page(request: Request, rows: list[asyncpg.Record], limit: int, by: str) -> Response:
    """A list from rows whose `body` is JSON already. by: the column that `after` goes on from, if the page is full."""
    following = f'"{rows[-1][by]}"' if len(rows) == limit else "null"
    items = ",".join(row["body"] for row in rows)
    return answer(request, f'{{"data":[{items}],"next":{following}}}')


def refused(request: Request, body: str, **more: Any) -> Response:
    """The response for a refusal as SQL gives it: an object of its code and facts. more: what SQL does not know."""
    facts = json.loads(body)
    return problem(request, facts.pop("code"), {**more, **facts})


def refused_body(body: str) -> str:
    """The problem body of a refusal as SQL gives it, its amounts as integers."""
    facts = json.loads(body)
    return problem_body(facts.pop("code"), facts).decode()


def problem(request: Request, code: str, facts: dict[str, Any]) -> Response:
    """The response for a code and its facts."""
    if wants_strings(request):
        facts = {
            name: str(value) if name in AMOUNTS and isinstance(value, int) else value
            for name, value in facts.items()
        }
    return make_problem(code, facts)


def wants_strings(request: Request) -> bool:
    return field(request, b"zerosum-amounts") == "string"


def amounts_as_asked(request: Request, body: str) -> str:
    return quote_amounts(body.encode()).decode() if wants_strings(request) else body


def quote_amounts(body: bytes) -> bytes:
    """This JSON with its amounts as strings; metadata, and whatever else is no amount, stay as they are spelled."""
    if body.startswith(b"["):
        items = LIST.decode(body)
        return b"[" + b",".join(quote_amounts(bytes(item)) for item in items) + b"]"
    if not body.startswith(b"{"):
        return body
    return msgspec.json.encode(
        {name: Raw(quoted(name, bytes(value))) for name, value in OBJECT.decode(body).items()}
    )


def quoted(name: str, value: bytes) -> bytes:
    """A member's value, as quote_amounts() has it."""
    if name == "metadata":
        return value
    if name in AMOUNTS and INTEGER.fullmatch(value):
        return b'"' + value + b'"'
    return quote_amounts(value)
