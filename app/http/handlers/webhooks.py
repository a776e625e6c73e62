"""`/v1/webhooks`: endpoints that events are sent to, and their deliveries."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response

from app.database.connections import call
from app.errors import Refusal
from app.http import answers
from app.http.bodies import RotateRequest, WebhookChange, WebhookRequest
from app.http.handlers.webhook_members import checked_members
from app.http.paging import list_by_id, read_one
from app.http.request import ApiRequest
from app.http.responses import answer, only_body, page
from app.webhook_secret import BadSecret, EndpointSecret, Signing, endpoint_secret


async def create_webhook(request: ApiRequest[WebhookRequest]) -> Response:
    """Create a webhook endpoint.

    201 with the secret that signs what is sent there, which is shown this once. An asymmetric one
    stays here, and its public key can always be read.
    """
    encryption = request.services.encryption
    members = members_of(request)
    made = secret_for(members.pop("signing"), members.pop("secret"))
    (row,) = await call(
        request.services.pool,
        "create_endpoint",
        ledger=request.caller.ledger,
        url=members.pop("url"),
        types=members.pop("types"),
        secret=encryption.encrypt(made.secret, "webhook secret"),
        public_key=made.public_key,
        more=msgspec.json.encode(members).decode(),
    )
    return answer(request, with_secret(row["body"], made), 201)


def secret_for(signing: Signing, own: str | None) -> EndpointSecret:
    """Raises Refusal."""
    try:
        return endpoint_secret(signing, own)
    except BadSecret:
        raise Refusal("invalid_secret") from None


def with_secret(body: str, made: EndpointSecret) -> str:
    """Return an endpoint's JSON with the secret that signs, unless it is a private key."""
    shown = "null" if made.public_key is not None else f'"{made.secret}"'
    return f'{body[:-1]},"secret":{shown}}}'


def members_of(request: ApiRequest[Any]) -> dict[str, Any]:
    """Raises Refusal."""
    members = msgspec.structs.asdict(request.body)
    services = request.services
    given = checked_members(members, services.webhook_allow, services.webhooks_proxied)
    if given.get("headers") is not None:
        given["headers"] = request.services.encryption.encrypt(given["headers"], "webhook headers")
    return given


async def change_webhook(request: ApiRequest[WebhookChange]) -> Response:
    """Change a webhook endpoint.

    A member that is not given stays as it is. What is not sent yet goes to the new URL, and the new
    types, wallets and kinds select it.
    """
    rows = await call(
        request.services.pool,
        "change_endpoint",
        ledger=request.caller.ledger,
        endpoint=request.number(),
        changes=msgspec.json.encode(members_of(request)).decode(),
    )
    return answer(request, only_body(rows))


async def list_webhooks(request: ApiRequest[None]) -> Response:
    """List webhook endpoints by id.

    Without their secrets.
    """
    return await list_by_id(request, "list_endpoints")


async def read_webhook(request: ApiRequest[None]) -> Response:
    """Read a webhook endpoint.

    Its URL, types and status, without its secret.
    """
    return answer(request, await webhook_body(request))


async def delete_webhook(request: ApiRequest[None]) -> Response:
    """Delete a webhook endpoint.

    204. Deliveries that are pending are given up.
    """
    if not await succeeds(request, "delete_endpoint"):
        raise Refusal("not_found")
    return Response(status_code=204)


async def rotate_secret(request: ApiRequest[RotateRequest]) -> Response:
    """Rotate the secret of a webhook endpoint.

    The new secret, drawn or given, is shown this once. What is sent is signed with it and with the
    one before, which ends after `overlap_s`.
    """
    body = request.body
    endpoint = msgspec.json.decode(await webhook_body(request), type=answers.Webhook)
    signing = body.signing or ("symmetric" if body.secret else endpoint.signing)
    made = secret_for(signing, body.secret)
    rows = await call(
        request.services.pool,
        "rotate_secret",
        ledger=request.caller.ledger,
        endpoint=request.number(),
        secret=request.services.encryption.encrypt(made.secret, "webhook secret"),
        public_key=made.public_key,
        overlap_s=body.overlap_s,
    )
    return answer(request, with_secret(only_body(rows), made))


async def enable_webhook(request: ApiRequest[None]) -> Response:
    """Enable a webhook endpoint.

    It gets what comes, and what has come while it was disabled.
    """
    if not await succeeds(request, "enable_endpoint"):
        raise Refusal("not_found")
    return answer(request, await webhook_body(request))


async def disable_webhook(request: ApiRequest[None]) -> Response:
    """Disable a webhook endpoint.

    It gets nothing more until it is enabled; what comes meanwhile is kept for it.
    """
    await succeeds(request, "disable_endpoint", reason="an API key disabled it")
    return answer(request, await webhook_body(request))


async def test_webhook(request: ApiRequest[None]) -> Response:
    """Send a test event to a webhook endpoint.

    202 with the id of an event `endpoint.test`, which goes to this endpoint alone, whatever its
    types, and is tried once. The list of deliveries has the outcome.
    """
    (row,) = await call(
        request.services.pool,
        "test_endpoint",
        ledger=request.caller.ledger,
        endpoint=request.number(),
    )
    if row[0] is None:
        raise await refusal_to_send(request)
    return answer(request, f'{{"status":"pending","event_id":"{row[0]}"}}', 202)


async def list_deliveries(request: ApiRequest[None]) -> Response:
    """List deliveries to an endpoint, newest event first.

    Each with every attempt. `status` selects pending, delivered, dead or dismissed ones, among up
    to 10,000 a page. Such a page may have fewer items than `limit`, or none, and still a `next`.
    """
    await webhook_body(request)
    rows = await call(
        request.reads,
        "list_deliveries",
        ledger=request.caller.ledger,
        endpoint=request.number(),
        before=request.query.get("after"),
        max=request.query["limit"],
        wanted=request.query.get("status"),
    )
    return page(request, rows, "seq")


async def resend_delivery(request: ApiRequest[None]) -> Response:
    """Send an event to an endpoint again, now.

    202.
    """
    if not await succeeds(request, "resend_delivery", seq=request.number("seq")):
        raise await refusal_to_send(request)
    return answer(request, '{"status":"pending"}', 202)


async def refusal_to_send(request: ApiRequest[Any]) -> Refusal:
    """Return why nothing is sent to the endpoint in the path."""
    if '"status":"disabled"' in await webhook_body(request):
        return Refusal("endpoint_disabled", endpoint=request.number())
    return Refusal("not_found")


async def webhook_body(request: ApiRequest[Any]) -> str:
    """Return the endpoint in the path as JSON. Raises Refusal not_found."""
    return await read_one(request, "list_endpoints")


async def succeeds(request: ApiRequest[None], function: str, **more: int | str) -> bool:
    """Call a function that returns whether the endpoint in the path exists."""
    ledger, endpoint = request.caller.ledger, request.number()
    (row,) = await call(request.services.pool, function, ledger=ledger, endpoint=endpoint, **more)
    return bool(row[0])
