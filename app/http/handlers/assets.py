"""`POST /v1/assets` and `GET /v1/assets`."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from app.database.connections import call
from app.http import parsing, request_bodies
from app.http.auth import caller_of
from app.http.query import query
from app.http.read_body import read_body
from app.http.responses import answer, page, refused

ASSET = msgspec.json.Decoder(request_bodies.AssetRequest)
STATUSES = {"created": 201, "exists": 200}


async def create_asset(request: Request) -> Response:
    """201 the asset; 200 when it is there with the same scale."""
    state = request.app.state
    caller = caller_of(request)
    body = await read_body(request, ASSET)
    (row,) = await call(
        state.pool,
        "create_asset",
        ledger=caller.ledger,
        code=parsing.plain_text(body.code, "invalid_asset"),
        scale=parsing.scale(body.scale),
    )
    if row["outcome"] == "refused":
        return refused(request, row["body"])
    return answer(request, row["body"], STATUSES[row["outcome"]])


async def list_assets(request: Request) -> Response:
    """By code."""
    state = request.app.state
    caller = caller_of(request)
    asked = query(request)
    limit: int = asked["limit"]
    after = asked.get("after")
    rows = await call(state.pool, "list_assets", ledger=caller.ledger, after=after, max=limit)
    return page(request, rows, limit, "code")
