"""Lists by id, ascending or newest first; the next page begins where this one ends."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from app.database.connections import call
from app.http.request import ApiRequest
from app.http.responses import only_body, page


async def list_by_id(request: ApiRequest[None], function: str) -> Response:
    """Answer a page of a `zerosum` function of (ledger, after, max) whose rows have id and body."""
    after, limit = request.query["after"], request.query["limit"]
    ledger = request.caller.ledger
    rows = await call(request.reads, function, ledger=ledger, after=after, max=limit)
    return page(request, rows, "id")


async def list_newest(request: ApiRequest[None], function: str) -> Response:
    """As list_by_id(), for a function of (ledger, before, max) that returns the highest ids first."""
    before, limit = request.query.get("after"), request.query["limit"]
    ledger = request.caller.ledger
    rows = await call(request.reads, function, ledger=ledger, before=before, max=limit)
    return page(request, rows, "id")


async def read_one(request: ApiRequest[Any], function: str, id_: int | None = None) -> str:
    """Return the body of the item in the path, or of another id, from a function of list_by_id()
    that takes only_id.

    Raises Refusal not_found.
    """
    ledger = request.caller.ledger
    wanted = request.number() if id_ is None else id_
    rows = await call(request.reads, function, ledger=ledger, after=0, max=1, only_id=wanted)
    return only_body(rows)
