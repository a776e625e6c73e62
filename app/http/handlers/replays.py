"""`/v1/webhooks/{id}/replays`: events that are sent to an endpoint again, in ranges, and dead
deliveries that are dismissed."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response

from app.database.connections import call
from app.errors import Refusal
from app.http import parsing
from app.http.bodies import DismissRequest, ReplayRequest
from app.http.handlers.webhooks import refusal_to_send, webhook_body
from app.http.paging import read_one
from app.http.parsing import check_filter
from app.http.request import ApiRequest
from app.http.responses import answer, only_body, page


async def create_replay(request: ApiRequest[ReplayRequest]) -> Response:
    """Send a range of events to an endpoint again.

    202. The endpoint gets what it selects of the range, at its own pace. `status` takes only events
    whose delivery has it, such as `dead`; `source` looks at the deliveries of another endpoint.
    """
    rows = await call(
        request.services.pool, "create_replay", **await named(request), asked=planned(request.body)
    )
    if not rows:
        raise await refusal_to_send(request)
    return answer(request, rows[0]["body"], 202)


async def count_replay(request: ApiRequest[ReplayRequest]) -> Response:
    """Count the events that a replay would send.

    Of at most 100,000 events; `complete` tells whether that was the whole range.
    """
    await webhook_body(request)
    (row,) = await call(
        request.services.pool, "count_replay", **await named(request), asked=planned(request.body)
    )
    complete = "true" if row["complete"] else "false"
    return answer(request, f'{{"events":{row["events"]},"complete":{complete}}}')


async def named(request: ApiRequest[Any]) -> dict[str, int]:
    """Return the ledger and the endpoint in the path. Raises Refusal for a source that does not
    exist."""
    source = getattr(request.body, "source", None)
    if source is not None:
        await read_one(request, "list_endpoints", source)
    return {"ledger": request.caller.ledger, "endpoint": request.number()}


def planned(body: ReplayRequest) -> str:
    """Return the replay as zerosum.plan_replay() reads it. Raises Refusal."""
    check_filter(body.types)
    for one, other in (("after_seq", "since"), ("upto_seq", "until")):
        if getattr(body, one) is not None and getattr(body, other) is not None:
            raise Refusal("invalid_body", reason=f"Send {one} or {other}, not both.")
    members = {
        **msgspec.structs.asdict(body),
        "since": parsing.timestamp(body.since),
        "until": parsing.timestamp(body.until),
    }
    given = {name: value for name, value in members.items() if value is not None}
    return msgspec.json.encode(given).decode()


async def list_replays(request: ApiRequest[None]) -> Response:
    """List replays to an endpoint, the newest first.

    Each with how far it is.
    """
    await webhook_body(request)
    rows = await call(
        request.reads,
        "list_replays",
        **await named(request),
        before=request.query.get("after"),
        max=request.query["limit"],
    )
    return page(request, rows, "id")


async def cancel_replay(request: ApiRequest[None]) -> Response:
    """Cancel a replay.

    It gives no more events to the endpoint. What it has given is sent.
    """
    rows = await call(
        request.services.pool,
        "cancel_replay",
        **await named(request),
        number=request.number("number"),
    )
    return answer(request, only_body(rows))


async def dismiss_deliveries(request: ApiRequest[DismissRequest]) -> Response:
    """Dismiss dead deliveries.

    Those with seqs above `after_seq` up to `upto_seq`, at most 10,000 at a time; `more` tells whether
    to ask again.
    """
    await webhook_body(request)
    (row,) = await call(
        request.services.pool,
        "dismiss_deliveries",
        **await named(request),
        after=request.body.after_seq,
        upto=request.body.upto_seq,
    )
    more = "true" if row["more"] else "false"
    return answer(request, f'{{"dismissed":{row["dismissed"]},"more":{more}}}')
