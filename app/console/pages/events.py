"""Events: the newest, live, and one with its bytes and its proof."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from app.console.api import Refused
from app.console.sessions import Sessions
from app.console.view import HEADERS, View, problem, told
from app.database.errors import DATABASE_ERRORS
from app.errors import Refusal
from app.http.handlers.events import open_stream
from app.http.headers import read_fields
from app.http.problems import response_for
from app.http.query import read_query
from app.http.request import ApiRequest
from app.http.routes.route import FROM

NEWEST = 50
FILTERS = ("types", "wallet", "kind")


async def list_events(view: View) -> Response:
    """The newest events that a filter selects; new ones come by themselves."""
    last = (await view.read("read_proof"))["log"]["size"]
    chosen = {name: view.query(name) or "*" for name in FILTERS}
    after, found, problem = max(0, last - NEWEST), [], None
    try:
        page = await view.read("list_events", query={"after": after, "limit": NEWEST, **chosen})
        found = page["data"][::-1]
    except Refused as refused:
        problem = told(refused)
    stream = f"/console/events/stream?{urlencode({'after': last, **chosen})}"
    return view.page(
        "events.html", events=found, stream=stream, chosen=chosen, problem=problem, last=last
    )


async def stream_events(view: View) -> Response:
    """The feed as server-sent events, for the session's key, until the session ends."""
    scope, services = view.request.scope, view.api.services
    sessions = Sessions(services.pool)

    async def goes_on() -> bool:
        return await sessions.find(view.session.token) is not None

    try:
        read_fields(scope)
        query = read_query(scope["query_string"], FROM)
        request: ApiRequest[None] = ApiRequest(
            scope, view.request.receive, services, view.session.caller, None, query, None
        )
        response = await open_stream(request, goes_on)
    except (Refusal, *DATABASE_ERRORS) as error:
        response = response_for(scope, error)
    response.headers.update(HEADERS)
    return response


async def read_event(view: View) -> Response:
    """An event's bytes, and what proves that it is in the log."""
    seq = view.request.path_params["seq"]
    page = await view.call("list_events", query={"after": seq - 1, "limit": 1})
    if not page.body["data"] or page.body["data"][0]["seq"] != seq:
        raise Refused(404, problem("not_found"))
    # The page is spelled around the event's own bytes, which a proof is about.
    body = page.text[page.text.index("[") + 1 : page.text.rindex('],"next":')]
    log = (await view.read("read_proof"))["log"]
    inclusion = await view.read("read_inclusion", query={"seq": seq, "size": log["size"]})
    proof: dict[str, Any] = {
        "body": body,
        "index": seq - 1,
        "size": log["size"],
        "hashes": inclusion["hashes"],
        "root": log["root"],
    }
    return view.page(
        "event.html",
        event=page.body["data"][0],
        body=body,
        proof=json.dumps(proof),
        log=log,
        hashes=inclusion["hashes"],
    )


PAGES = [
    ("GET", "/events", list_events),
    ("GET", "/events/stream", stream_events),
    ("GET", "/events/{seq:number}", read_event),
]
