"""`GET /v1/events?after=&limit=`: the ledger's feed, in order of seq, the bytes that webhooks carry."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from app.database.connections import call
from app.http.auth import caller_of
from app.http.query import query
from app.http.responses import page


async def list_events(request: Request) -> Response:
    """Events with a seq above `after`; `next` is the `after` of the next page, null at the end for now."""
    state = request.app.state
    caller = caller_of(request)
    asked = query(request)
    limit: int = asked["limit"]
    after: int = asked["after"]
    rows = await call(state.pool, "list_events", ledger=caller.ledger, after=after, max=limit)
    return page(request, rows, limit, "seq")
