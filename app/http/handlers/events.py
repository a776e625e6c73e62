"""`GET /v1/events?after=&limit=`: the ledger's feed, in order of seq, the bytes that webhooks
carry."""

from __future__ import annotations

from starlette.responses import Response

from app.database.connections import call
from app.http.request import ApiRequest
from app.http.responses import page


async def list_events(request: ApiRequest[None]) -> Response:
    """List events in the order of the feed.

    Those with a seq above `after`, each the bytes that webhooks carry. `next` is null at the end of
    the feed.
    """
    after, limit = request.query["after"], request.query["limit"]
    ledger = request.caller.ledger
    rows = await call(request.services.pool, "list_events", ledger=ledger, after=after, max=limit)
    return page(request, rows, "seq")
