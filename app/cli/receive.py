"""`zerosum receive`: a consumer of webhooks, to try them."""

from __future__ import annotations

import hmac

from aiohttp import web

from app.cli.output import tell, wants_json
from app.cli.parameters import given_secret
from relay.webhooks.signing import signature, symmetric

BODY_LIMIT = 1024 * 1024


def receive(port: int, secret: str | None) -> None:
    """Print each delivery until Ctrl-C, and answer 204."""
    known = given_secret(secret) if secret else None

    async def answer(request: web.Request) -> web.Response:
        body, id_ = await request.read(), request.headers.get("webhook-id")
        text, judged = body.decode(errors="replace"), verdict(request, body, known)
        tell({"id": id_, "signature": judged, "body": text}, f"{id_} {judged}\n{text}")
        return web.Response(status=204)

    app = web.Application(client_max_size=BODY_LIMIT)
    app.router.add_route("POST", "/{path:.*}", answer)
    quiet = (lambda *_: None) if wants_json() else print
    web.run_app(app, host="127.0.0.1", port=port, print=quiet)


def verdict(request: web.Request, body: bytes, secret: bytes | None) -> str:
    """Return whether one of the signatures is right, in words."""
    if secret is None:
        return "(signature not checked: give --secret)"
    try:
        timestamp = int(request.headers.get("webhook-timestamp", ""))
    except ValueError:
        return "NO TIMESTAMP"
    expected = signature(
        [symmetric(secret)], request.headers.get("webhook-id", ""), timestamp, body
    )
    given = request.headers.get("webhook-signature", "").split()
    holds = any(hmac.compare_digest(expected, one) for one in given)
    return "signature holds" if holds else "SIGNATURE DOES NOT HOLD"
