"""`/v1/sinks`: where a ledger's whole feed goes besides webhooks."""

from __future__ import annotations

from starlette.responses import Response

from app.database.connections import call
from app.egress import refused_place
from app.errors import Refusal
from app.http.bodies import RewindRequest, SinkRequest
from app.http.paging import list_by_id, read_one
from app.http.request import ApiRequest
from app.http.responses import answer, only_body
from app.sink_url import BadSink, parse_sink_url


async def create_sink(request: ApiRequest[SinkRequest]) -> Response:
    """Create a sink.

    201. A sink that has the name already gets this URL and keeps its cursor. The URL is never shown
    again.
    """
    try:
        sink = parse_sink_url(request.body.url)
    except BadSink as error:
        raise Refusal("invalid_sink", reason=f"{error}.") from None
    # An API key must not make the server talk to whatever it can reach.
    if place := refused_place(sink.places, request.services.sink_hosts):
        raise Refusal(
            "invalid_sink",
            reason=f"{place} is not in ZEROSUM_SINK_HOSTS, which says where sinks made here may go.",
        )
    rows = await call(
        request.services.pool,
        "create_sink",
        ledger=request.caller.ledger,
        name=sink.name,
        url=request.services.encryption.encrypt(sink.url, "sink url"),
        types=list(sink.types),
        start=sink.start,
    )
    if not rows:
        raise Refusal("invalid_sink", reason=f"{sink.name} comes from ZEROSUM_SINKS.")
    return answer(request, rows[0]["body"], 201)


async def list_sinks(request: ApiRequest[None]) -> Response:
    """List sinks by id."""
    return await list_by_id(request, "list_sinks")


async def read_sink(request: ApiRequest[None]) -> Response:
    """Read a sink.

    Its state: `ok`, `retrying` with the reason, or `paused`; and how far it is behind.
    """
    return answer(request, await read_one(request, "list_sinks"))


async def pause_sink(request: ApiRequest[None]) -> Response:
    """Pause a sink.

    It gets nothing more until it is resumed.
    """
    return await change(request, paused=True)


async def resume_sink(request: ApiRequest[None]) -> Response:
    """Resume a sink.

    It goes on from where it was paused.
    """
    return await change(request, paused=False)


async def rewind_sink(request: ApiRequest[RewindRequest]) -> Response:
    """Move a sink to an event.

    It gets the events from `seq` on: again, or without those between.
    """
    return await change(request, next_seq=request.body.seq)


async def remove_sink(request: ApiRequest[None]) -> Response:
    """Remove a sink.

    204. Its cursor is forgotten.
    """
    ledger, id_ = request.caller.ledger, request.number()
    (row,) = await call(request.services.pool, "remove_sink", ledger=ledger, sink=id_)
    if not row[0]:
        raise Refusal("not_found")
    return Response(status_code=204)


async def change(
    request: ApiRequest[object], paused: bool | None = None, next_seq: int | None = None
) -> Response:
    """Change the sink in the path. Raises Refusal not_found."""
    rows = await call(
        request.services.pool,
        "change_sink",
        ledger=request.caller.ledger,
        sink=request.number(),
        paused=paused,
        next_seq=next_seq,
    )
    return answer(request, only_body(rows))
