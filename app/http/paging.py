"""Lists that go by id, up or, newest first, down; the next page goes on from the last one's end."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from app.database.connections import call
from app.http.auth import caller_of
from app.http.query import query
from app.http.responses import page


async def list_by_id(request: Request, function: str) -> Response:
    """A page of a `zerosum` function of (ledger, after, max) whose rows have id and body."""
    state = request.app.state
    caller = caller_of(request)
    asked = query(request)
    limit: int = asked["limit"]
    rows = await call(state.pool, function, ledger=caller.ledger, after=asked["after"], max=limit)
    return page(request, rows, limit, "id")


async def list_newest(request: Request, function: str) -> Response:
    """As list_by_id(), of (ledger, before, max), the highest ids first."""
    state = request.app.state
    caller = caller_of(request)
    asked = query(request)
    limit: int = asked["limit"]
    before = asked.get("after")
    rows = await call(state.pool, function, ledger=caller.ledger, before=before, max=limit)
    return page(request, rows, limit, "id")
