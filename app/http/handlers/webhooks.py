"""`POST /v1/webhooks`: where events go."""

from __future__ import annotations

import base64
import secrets

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from app.database.connections import call
from app.egress import BadUrl, check_url
from app.errors import Refusal
from app.event_types import are_types
from app.http import parsing, request_bodies
from app.http.auth import caller_of
from app.http.paging import list_by_id
from app.http.query import query
from app.http.read_body import read_body
from app.http.responses import answer, page

WEBHOOK = msgspec.json.Decoder(request_bodies.WebhookRequest)
SECRET_BYTES = 32  # Standard Webhooks asks for 24 to 64.


async def create_webhook(request: Request) -> Response:
    """201 with the secret that signs what is sent there, shown this once."""
    state = request.app.state
    caller = caller_of(request)
    body = await read_body(request, WEBHOOK)
    if not are_types(body.types):
        raise Refusal("invalid_types")
    try:
        check_url(body.url, state.webhook_allow)
    except BadUrl as error:
        raise Refusal("invalid_url", reason=str(error)) from None
    secret = secrets.token_bytes(SECRET_BYTES)
    (row,) = await call(
        state.pool,
        "create_endpoint",
        ledger=caller.ledger,
        url=body.url,
        types=body.types,
        secret=secret,
    )
    shown = f',"secret":"whsec_{base64.b64encode(secret).decode()}"}}'
    return answer(request, row["body"][:-1] + shown, 201)


async def list_webhooks(request: Request) -> Response:
    """By id; `after` is the `next` of the page before."""
    return await list_by_id(request, "list_endpoints")


async def read_webhook(request: Request) -> Response:
    caller = caller_of(request)
    return answer(request, await webhook_body(request, caller.ledger))


async def delete_webhook(request: Request) -> Response:
    """204; what is pending is given up."""
    caller = caller_of(request)
    if not await succeeds(request, "delete_endpoint", caller.ledger):
        raise Refusal("not_found")
    return Response(status_code=204)


async def enable_webhook(request: Request) -> Response:
    """It gets what comes, and what has come while it was disabled."""
    caller = caller_of(request)
    if not await succeeds(request, "enable_endpoint", caller.ledger):
        raise Refusal("not_found")
    return answer(request, await webhook_body(request, caller.ledger))


async def disable_webhook(request: Request) -> Response:
    """It gets nothing more until it is enabled; what comes meanwhile is kept for it."""
    caller = caller_of(request)
    await succeeds(request, "disable_endpoint", caller.ledger, reason="an API key disabled it")
    return answer(request, await webhook_body(request, caller.ledger))


async def list_deliveries(request: Request) -> Response:
    """Newest event first, with every attempt; `?status=pending`, `delivered` or `dead`."""
    state = request.app.state
    caller = caller_of(request)
    asked = query(request)
    limit: int = asked["limit"]
    await webhook_body(request, caller.ledger)
    rows = await call(
        state.pool,
        "list_deliveries",
        ledger=caller.ledger,
        endpoint=request.path_params["id"],
        before=asked.get("after"),
        max=limit,
        wanted=asked.get("status"),
    )
    return page(request, rows, limit, "seq")


async def resend_delivery(request: Request) -> Response:
    """202: the event goes to the endpoint again, now."""
    caller = caller_of(request)
    seq = parsing.path_number(request, "seq")
    if not await succeeds(request, "resend_delivery", caller.ledger, seq=seq):
        if '"status":"disabled"' in await webhook_body(request, caller.ledger):
            raise Refusal("endpoint_disabled", endpoint=parsing.path_number(request))
        raise Refusal("not_found")
    return answer(request, '{"status":"pending"}', 202)


async def webhook_body(request: Request, ledger: int) -> str:
    number = parsing.path_number(request)
    rows = await call(
        request.app.state.pool, "list_endpoints", ledger=ledger, after=0, max=1, only_id=number
    )
    if not rows:
        raise Refusal("not_found")
    body: str = rows[0]["body"]
    return body


async def succeeds(request: Request, function: str, ledger: int, **more: int | str) -> bool:
    """Call a function that answers whether the endpoint in the path is there."""
    number = parsing.path_number(request)
    (row,) = await call(request.app.state.pool, function, ledger=ledger, endpoint=number, **more)
    return bool(row[0])
