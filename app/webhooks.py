"""`POST /v1/webhooks`: where events go."""

from __future__ import annotations

import re
import secrets

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from app import parsing
from app.addresses import BadUrl, check_url
from app.db import call
from app.errors import Refusal

WEBHOOK = msgspec.json.Decoder(parsing.Webhook)
TYPE = re.compile(r"\*|[a-z0-9_]{1,64}(\.[a-z0-9_]{1,64}){0,4}(\.\*)?")
MAX_TYPES = 32
SECRET_BYTES = 32  # Standard Webhooks asks for 24 to 64.


async def create_webhook(request: Request) -> Response:
    """201 with the secret that signs what is sent there, shown this once."""
    state = request.app.state
    caller = await state.keys.caller(request, "admin")
    body = await parsing.read_body(request, WEBHOOK)
    if not 1 <= len(body.types) <= MAX_TYPES or not all(map(TYPE.fullmatch, body.types)):
        raise Refusal("invalid_types")
    try:
        check_url(body.url, state.webhook_allow)
    except BadUrl as error:
        raise Refusal("invalid_url", reason=str(error)) from None
    (row,) = await call(
        state.pool,
        "create_endpoint",
        ledger=caller.ledger,
        url=body.url,
        types=body.types,
        secret=secrets.token_bytes(SECRET_BYTES),
    )
    return Response(row["body"], 201, media_type="application/json")
