"""Lists that go by id, up or, newest first, down; the next page goes on from the last one's end."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from app import parsing
from app.db import call
from app.request_types import MAX_ID
from app.responses import page


async def list_by_id(request: Request, function: str, scope: str = "read") -> Response:
    """A page of a `zerosum` function of (ledger, after, max) whose rows have id and body; scope: the key's."""
    state = request.app.state
    caller = await state.keys.caller(request, scope)
    limit = parsing.query_limit(request)
    after = parsing.query_int(request, "after", 0, 0, MAX_ID)
    rows = await call(state.pool, function, ledger=caller.ledger, after=after, max=limit)
    return page(request, rows, limit, "id")


async def list_newest(request: Request, function: str) -> Response:
    """As list_by_id(), of (ledger, before, max), the highest ids first."""
    state = request.app.state
    caller = await state.keys.caller(request, "read")
    limit = parsing.query_limit(request)
    before = parsing.query_int(request, "after", None, 1, MAX_ID)
    rows = await call(state.pool, function, ledger=caller.ledger, before=before, max=limit)
    return page(request, rows, limit, "id")
