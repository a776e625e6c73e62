"""`/v1/sinks`: where a ledger's whole feed goes besides webhooks."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from app.database.connections import call
from app.egress import refused_place
from app.errors import Refusal
from app.http import parsing, request_bodies
from app.http.auth import caller_of
from app.http.paging import list_by_id
from app.http.read_body import read_body
from app.http.responses import answer
from app.sink_url import BadSink, parse_sink_url

SINK = msgspec.json.Decoder(request_bodies.SinkRequest)
REWIND = msgspec.json.Decoder(request_bodies.RewindRequest)


async def create_sink(request: Request) -> Response:
    """201; one that has the name already gets this URL and keeps its cursor. The URL is shown to nobody again."""
    state = request.app.state
    caller = caller_of(request)
    body = await read_body(request, SINK)
    try:
        sink = parse_sink_url(body.url)
    except BadSink as error:
        raise Refusal("invalid_sink", reason=f"{error}.") from None
    # An API key must not make the server talk to whatever it can reach.
    if place := refused_place(sink.places, state.sink_hosts):
        raise Refusal(
            "invalid_sink",
            reason=f"{place} is not in ZEROSUM_SINK_HOSTS, which says where sinks made here may go.",
        )
    rows = await call(
        state.pool,
        "create_sink",
        ledger=caller.ledger,
        name=sink.name,
        url=sink.url,
        types=list(sink.types),
        start=sink.start,
    )
    if not rows:
        raise Refusal("invalid_sink", reason=f"{sink.name} comes from ZEROSUM_SINKS.")
    return answer(request, rows[0]["body"], 201)


async def list_sinks(request: Request) -> Response:
    """By id; `after` is the `next` of the page before."""
    return await list_by_id(request, "list_sinks")


async def read_sink(request: Request) -> Response:
    """Its state: `ok`, `retrying` with the reason, or `paused`; how far it is behind."""
    caller = caller_of(request)
    number = parsing.path_number(request)
    rows = await call(
        request.app.state.pool, "list_sinks", ledger=caller.ledger, after=0, max=1, only_id=number
    )
    if not rows:
        raise Refusal("not_found")
    return answer(request, rows[0]["body"])


async def pause_sink(request: Request) -> Response:
    """It gets nothing more until it is resumed."""
    return await change(request, paused=True)


async def resume_sink(request: Request) -> Response:
    """It goes on from where it was paused."""
    return await change(request, paused=False)


async def rewind_sink(request: Request) -> Response:
    """It gets the events from `seq` on, again, or is taken past those before."""
    body = await read_body(request, REWIND)
    return await change(request, next_seq=body.seq)


async def remove_sink(request: Request) -> Response:
    """204; its cursor is forgotten."""
    caller = caller_of(request)
    pool = request.app.state.pool
    (row,) = await call(
        pool, "remove_sink", ledger=caller.ledger, sink=parsing.path_number(request)
    )
    if not row[0]:
        raise Refusal("not_found")
    return Response(status_code=204)


async def change(
    request: Request, paused: bool | None = None, next_seq: int | None = None
) -> Response:
    caller = caller_of(request)
    rows = await call(
        request.app.state.pool,
        "change_sink",
        ledger=caller.ledger,
        sink=parsing.path_number(request),
        paused=paused,
        next_seq=next_seq,
    )
    if not rows:
        raise Refusal("not_found")
    return answer(request, rows[0]["body"])
