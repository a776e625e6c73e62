"""`POST /v1/holds`, `…/{id}/capture`, `…/{id}/void`, and reading holds."""

from __future__ import annotations

from starlette.responses import Response

from app.database.connections import call
from app.errors import Refusal
from app.http import parsing
from app.http.bodies import Capture, HoldRequest, Void
from app.http.handlers.posting import Posting, post
from app.http.paging import list_newest
from app.http.parsing import amount_text, optional, wallet_id
from app.http.request import ApiRequest
from app.http.responses import answer, only_body


async def create_hold(request: ApiRequest[HoldRequest]) -> Response:
    """Place a hold.

    It reserves value of the source until it is captured, voided or expires. `id` is the hold's id.
    """
    options = {"expires_at": optional(utc_text, request.body.expires_at)}
    return await post(request, "hold", hold_postings(request.body), options)


def utc_text(expires_at: str) -> str:
    """Return the same moment in the same words, whatever its offset. Raises Refusal."""
    at = parsing.timestamp(expires_at, "invalid_expires_at")
    assert at is not None
    return at.isoformat()


def hold_postings(body: HoldRequest) -> list[Posting]:
    """Return `postings`, or the one posting of source, destination and amount. Raises Refusal."""
    if body.postings is not None:
        if (body.source, body.destination, body.amount) != (None, None, None):
            raise Refusal(
                "invalid_body", reason="Send postings, or source, destination and amount."
            )
        return [parsing.posting(given) for given in body.postings]
    if body.source is None or body.destination is None or body.amount is None:
        raise Refusal("invalid_body", reason="Send source, destination and amount, or postings.")
    return [(wallet_id(body.source), wallet_id(body.destination), amount_text(body.amount))]


async def capture_hold(request: ApiRequest[Capture]) -> Response:
    """Capture a hold.

    Moves what is held: all that is left, an amount, or parts of postings. `final` releases the
    rest.
    """
    body = request.body
    options = {
        "hold": request.number(missing="unknown_hold"),
        "final": body.final or None,
        "amount": optional(amount_text, body.amount),
        "destination": optional(wallet_id, body.destination),
        "postings": parsing.parts(body.postings),
    }
    return await post(request, "capture", [], options)


async def void_hold(request: ApiRequest[Void]) -> Response:
    """Void a hold.

    Releases all that is still held.
    """
    return await post(request, "void", [], {"hold": request.number(missing="unknown_hold")})


async def read_hold(request: ApiRequest[None]) -> Response:
    """Read a hold.

    As it is now: the database's clock decides whether it has expired.
    """
    rows = await call(
        request.reads,
        "list_holds",
        ledger=request.caller.ledger,
        before=None,
        max=1,
        only_id=request.number(missing="unknown_hold"),
    )
    return answer(request, only_body(rows, "unknown_hold"))


async def list_holds(request: ApiRequest[None]) -> Response:
    """List holds, newest first."""
    return await list_newest(request, "list_holds")
