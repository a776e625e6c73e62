"""The ledger's feed, in the order of seq: `GET /v1/events` in pages, `GET /v1/events/stream` as it
comes."""

from __future__ import annotations

import asyncio
import re

from starlette.responses import Response, StreamingResponse

from app.errors import Refusal
from app.event_filter import MAX_ITEMS, EventFilter, are_kinds, are_types, are_wallets
from app.http.bodies import MAX_ID
from app.http.feed.pages import Page
from app.http.feed.stream import Allowed, EventStream
from app.http.headers import field
from app.http.request import ApiRequest
from app.http.responses import STREAM, answer

SEQ = re.compile(r"[0-9]{1,19}")
# Nothing on the way may keep the answer, or gather its parts (X-Accel-Buffering: nginx).
UNBUFFERED = {"cache-control": "no-store", "x-accel-buffering": "no"}


async def list_events(request: ApiRequest[None]) -> Response:
    """List events in the order of the feed.

    Those with a seq above `after`, each the bytes that webhooks carry. `types` selects some, such as
    `transaction.*,hold.expired`; so do `wallet`, such as `alice,user_*`, and `kind`, such as
    `credit,reversal`. `next` is null at the end of the feed. `read_to` is the seq up to
    which the feed was read: give it as `after` to go on. With `wait` an empty page at the end of the
    feed is answered only after so many seconds, and an event that comes meanwhile at once.
    `after` 0 begins with the oldest event that is kept.
    """
    after, limit, wanted = request.query["after"], request.query["limit"], wanted_events(request)
    ledger, services = request.caller.ledger, request.services
    until = asyncio.get_running_loop().time() + request.query["wait"]
    # The first page is as new as the request; those who waited wake together and share theirs.
    page = await services.pages.query(ledger, after, limit, wanted)
    while True:
        left = until - asyncio.get_running_loop().time()
        if page.seqs or left <= 0 or services.feed.closed:
            return answer(request, page_json(page))
        if page.at_end:
            await services.feed.after(ledger, page.read_to, left)
        page = await services.pages.read(ledger, page.read_to, limit, wanted)


async def stream_events(request: ApiRequest[None]) -> Response:
    """Stream the events of the feed as they come.

    Server-sent events: each has its seq as id and the bytes that webhooks carry as data, after those
    with a seq above `after`. A client that comes back sends the last id as Last-Event-ID, which
    counts instead of `after`. `types`, `wallet` and `kind` select some. A comment is sent every 15
    seconds.
    """
    return await open_stream(request)


async def open_stream(request: ApiRequest[None], allowed: Allowed | None = None) -> Response:
    """Return the stream that the request asks for. allowed: as EventStream takes it. Raises Refusal,
    and what the database's driver raises."""
    wanted, last = wanted_events(request), last_event_id(request)
    after = request.query["after"] if last is None else last
    stream = EventStream(request, after, wanted, allowed)
    if request.scope["method"] == "HEAD":
        return Response(None, 200, UNBUFFERED, STREAM)
    await stream.check()
    return StreamingResponse(stream.frames(), 200, UNBUFFERED, STREAM)


def last_event_id(request: ApiRequest[None]) -> int | None:
    """Return the seq that the header Last-Event-ID names, if there is one. Raises Refusal."""
    given = field(request.scope, b"last-event-id")
    if not given:
        return None
    if not SEQ.fullmatch(given) or int(given) > MAX_ID:
        raise Refusal("invalid_parameter", reason="Last-Event-ID must be the id of an event.")
    return int(given)


def wanted_events(request: ApiRequest[None]) -> EventFilter:
    """Raises Refusal."""
    names = ("types", "wallet", "kind")
    wanted = EventFilter(*(tuple(request.query[name].split(",")) for name in names))
    for right, reason in (
        (
            are_types(wanted.types),
            "types must be up to {} of: *, a type, or a prefix such as hold.*.",
        ),
        (
            are_wallets(wanted.wallets),
            "wallet must be up to {} of: *, an id, or a prefix such as a_*.",
        ),
        (are_kinds(wanted.kinds), "kind must be up to {} of: *, or a kind such as transfer."),
    ):
        if not right:
            raise Refusal("invalid_parameter", reason=reason.format(MAX_ITEMS))
    return wanted


def page_json(page: Page) -> str:
    following = "null" if page.at_end else f'"{page.read_to}"'
    return f'{{"data":[{",".join(page.bodies)}],"next":{following},"read_to":{page.read_to}}}'
