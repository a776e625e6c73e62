"""`GET /v1/events`: the ledger's feed, in the order of seq, the bytes that webhooks carry."""

from __future__ import annotations

import asyncio

from starlette.responses import Response

from app.database.connections import call
from app.errors import Refusal
from app.event_types import MAX_TYPES, are_types
from app.http.request import ApiRequest
from app.http.responses import answer


async def list_events(request: ApiRequest[None]) -> Response:
    """List events in the order of the feed.

    Those with a seq above `after`, each the bytes that webhooks carry. `types` selects some, such as
    `transaction.*,hold.expired`. `next` is null at the end of the feed. `read_to` is the seq up to
    which the feed was read: give it as `after` to go on. With `wait` an empty page at the end of the
    feed is answered only after so many seconds, and an event that comes meanwhile at once.
    """
    after, limit, types = request.query["after"], request.query["limit"], wanted_types(request)
    ledger, services = request.caller.ledger, request.services
    until = asyncio.get_running_loop().time() + request.query["wait"]
    while True:
        (page,) = await call(
            services.pool, "read_events", ledger=ledger, after=after, max=limit, types=types
        )
        left = until - asyncio.get_running_loop().time()
        if page["seqs"] or left <= 0 or services.feed.closed:
            return answer(request, page_json(page["bodies"], page["read_to"], page["at_end"]))
        after = page["read_to"]
        if page["at_end"]:
            await services.feed.after(ledger, after, left)


def wanted_types(request: ApiRequest[None]) -> list[str]:
    """Raises Refusal."""
    types: list[str] = request.query["types"].split(",")
    if not are_types(types):
        reason = f"types must be up to {MAX_TYPES} of: *, a type, or a prefix such as hold.*."
        raise Refusal("invalid_parameter", reason=reason)
    return types


def page_json(bodies: list[str], read_to: int, at_end: bool) -> str:
    following = "null" if at_end else f'"{read_to}"'
    return f'{{"data":[{",".join(bodies)}],"next":{following},"read_to":{read_to}}}'
