"""JSON answers. SQL spells the bodies; amounts in them become strings for clients that ask for it."""

from __future__ import annotations

import json
from typing import Any

import asyncpg
from starlette.requests import Request
from starlette.responses import Response

from app.errors import Refusal, problem_body
from app.errors import problem as make_problem

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
    if request.headers.get("zerosum-amounts") == "string":
        facts = quote_amounts(facts)
    return make_problem(code, facts)


def wants_strings(request: Request) -> bool:
    asked = request.headers.get("zerosum-amounts")
    if asked not in {None, "string", "integer"}:
        raise Refusal("invalid_parameter", reason="Zerosum-Amounts must be string or integer.")
    return asked == "string"


def amounts_as_asked(request: Request, body: str) -> str:
    if not wants_strings(request):
        return body
    return json.dumps(quote_amounts(json.loads(body)), ensure_ascii=False, separators=(",", ":"))


def quote_amounts(value: Any) -> Any:
    if isinstance(value, list):
        return [quote_amounts(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: item
        if name == "metadata"
        else str(item)
        if name in AMOUNTS and isinstance(item, int)
        else quote_amounts(item)
        for name, item in value.items()
    }
