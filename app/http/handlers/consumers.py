"""`/v1/consumers`: readers of the feed whose cursor is kept here."""

from __future__ import annotations

import asyncio
import re
import secrets
from typing import Any

import asyncpg
from starlette.responses import Response

from app.database.connections import call
from app.errors import Refusal
from app.http.bodies import AcknowledgeRequest, ConsumerRequest, PageRequest, RewindRequest
from app.http.parsing import check_filter
from app.http.request import ApiRequest
from app.http.responses import answer, only_body, page

NAME = re.compile(r"[A-Za-z0-9_.-]{1,128}")
LOOK_S = 0.5  # How often a reader looks whether another one has given its page back.


async def put_consumer(request: ApiRequest[ConsumerRequest]) -> Response:
    """Create or change a consumer.

    201 if it is new: it starts where `start` says, `now`, `beginning`, or the seq of the first event
    wanted. 200 if it exists: it gets these types, wallets and kinds, and keeps its cursor.
    """
    name, body = consumer_name(request), request.body
    if not NAME.fullmatch(name):
        raise Refusal("invalid_consumer")
    check_filter(body.types, body.wallets, body.kinds)
    (row,) = await call(
        request.services.pool,
        "put_consumer",
        ledger=request.caller.ledger,
        name=name,
        types=body.types,
        wallets=body.wallets,
        kinds=body.kinds,
        start=body.start,
    )
    return answer(request, row["body"], 201 if row["created"] else 200)


async def list_consumers(request: ApiRequest[None]) -> Response:
    """List consumers by name."""
    rows = await call(
        request.reads,
        "list_consumers",
        ledger=request.caller.ledger,
        after=request.query.get("after", ""),
        max=request.query["limit"],
    )
    return page(request, rows, "id")


async def read_consumer(request: ApiRequest[None]) -> Response:
    """Read a consumer.

    What it wants, up to which event it has acknowledged, and how far it is behind.
    """
    rows = await call(
        request.reads,
        "list_consumers",
        ledger=request.caller.ledger,
        after="",
        max=1,
        only_name=consumer_name(request),
    )
    return answer(request, only_body(rows))


async def delete_consumer(request: ApiRequest[None]) -> Response:
    """Delete a consumer.

    204. Its cursor is forgotten.
    """
    ledger, name = request.caller.ledger, consumer_name(request)
    (row,) = await call(request.services.pool, "delete_consumer", ledger=ledger, name=name)
    if not row[0]:
        raise Refusal("not_found")
    return Response(status_code=204)


async def rewind_consumer(request: ApiRequest[RewindRequest]) -> Response:
    """Move a consumer to an event.

    It reads the events from `seq` on: again, or without those between.
    """
    rows = await call(
        request.services.pool,
        "rewind_consumer",
        ledger=request.caller.ledger,
        name=consumer_name(request),
        next_seq=request.body.seq,
    )
    return answer(request, only_body(rows))


async def lease_page(request: ApiRequest[PageRequest]) -> Response:
    """Lease the next page of a consumer.

    The events after the last one that was acknowledged, for this reader alone until it acknowledges
    them or `lease_s` is over; then they are read again. With `wait` an empty page is answered only
    after so many seconds, an event that comes meanwhile at once, and a page that another reader has
    once that reader gives it back. Give `lease` to read more under the same lease, or for more time.
    """
    body, services = request.body, request.services
    lease = body.lease or secrets.token_urlsafe(16)
    clock = asyncio.get_running_loop().time
    until = clock() + body.wait
    while True:
        row = await lease_once(request, lease)
        left = until - clock()
        if row["bodies"] or left <= 0 or services.feed.closed:
            break
        if row["leased_s"] is not None:
            await asyncio.sleep(min(row["leased_s"], left, LOOK_S))
        elif row["at_end"]:
            await services.feed.after(request.caller.ledger, row["read_to"], left)
    if row["leased_s"] is not None:
        raise Refusal("consumer_leased")
    return answer(request, page_json(row, lease))


async def lease_once(request: ApiRequest[PageRequest], lease: str) -> asyncpg.Record:
    """Raises Refusal not_found."""
    rows = await call(
        request.services.pool,
        "lease_page",
        ledger=request.caller.ledger,
        name=consumer_name(request),
        lease=lease,
        seconds=request.body.lease_s,
        max=request.body.limit,
    )
    if not rows:
        raise Refusal("not_found")
    return rows[0]


def page_json(row: asyncpg.Record, lease: str) -> str:
    if not row["bodies"]:
        return '{"data":[],"lease":null,"leased_until":null}'
    until = row["until"].strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return f'{{"data":[{",".join(row["bodies"])}],"lease":"{lease}","leased_until":"{until}"}}'


async def acknowledge(request: ApiRequest[AcknowledgeRequest]) -> Response:
    """Acknowledge a consumer's events.

    All up to `seq`, which is in the page that `lease` names. With the last event of the page the
    lease ends. `seq` null gives the page back.
    """
    rows = await call(
        request.services.pool,
        "acknowledge",
        ledger=request.caller.ledger,
        name=consumer_name(request),
        lease=request.body.lease,
        seq=request.body.seq,
    )
    body = only_body(rows)
    if rows[0]["outcome"] == "lease_lost":
        raise Refusal("lease_lost")
    if rows[0]["outcome"] == "beyond":
        raise Refusal("beyond_lease")
    return answer(request, body)


def consumer_name(request: ApiRequest[Any]) -> str:
    name: str = request.text("name")
    return name
