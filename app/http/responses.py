"""Answers of success. SQL spells their bodies as JSON, and they go on as they are."""

from __future__ import annotations

import asyncpg
from starlette.responses import Response

from app.amounts import quote_amounts
from app.errors import Refusal
from app.http.headers import wants_strings
from app.http.problems import refused
from app.http.request import ApiRequest

TEXT = "text/plain"
BYTES = "application/octet-stream"
STREAM = "text/event-stream"
CREATED = {"created": 201, "exists": 200}


def answer(
    request: ApiRequest[object], body: str, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    """Return a response with this JSON body. `Zerosum-Amounts: string` quotes the amounts in it."""
    spelled = quote_amounts(body.encode()) if wants_strings(request.scope) else body
    return Response(spelled, status, headers, "application/json")


def only_body(rows: list[asyncpg.Record], missing: str = "not_found") -> str:
    """Return the `body` of the one row. Raises Refusal with the code `missing` where there is
    none."""
    if not rows:
        raise Refusal(missing)
    body: str = rows[0]["body"]
    return body


def created(request: ApiRequest[object], row: asyncpg.Record) -> Response:
    """Return the answer to a request that creates something, by its outcome: 201 created, 200 it
    exists as it was asked for, or a refusal."""
    if row["outcome"] == "refused":
        return refused(request.scope, row["body"])
    return answer(request, row["body"], CREATED[row["outcome"]])


def page(request: ApiRequest[object], rows: list[asyncpg.Record], by: str) -> Response:
    """Return a page of rows whose `body` is JSON. by: the column that the next page's `after`
    names, if this page is full, or if its last row has no body: a search that goes on there."""
    items = [row["body"] for row in rows if row["body"] is not None]
    is_last = len(items) == len(rows) < request.query["limit"]
    following = "null" if is_last else f'"{rows[-1][by]}"'
    return answer(request, f'{{"data":[{",".join(items)}],"next":{following}}}')
