"""`POST /v1/transactions/{id}/reverse`."""

from __future__ import annotations

from starlette.responses import Response

from app.http import parsing
from app.http.auth import demand
from app.http.bodies import Reversal
from app.http.handlers.posting import post
from app.http.parsing import amount_text, optional
from app.http.request import ApiRequest


async def reverse_transaction(request: ApiRequest[Reversal]) -> Response:
    """Reverse a transaction.

    Moves back what it moved: all that is left, an amount, or parts of postings. `force` needs an
    admin key.
    """
    body = request.body
    if body.force:
        demand(request.caller, "admin")
    options = {
        "transaction": request.number(missing="unknown_transaction"),
        "amount": optional(amount_text, body.amount),
        "postings": parsing.parts(body.postings),
        "force": body.force or None,
    }
    return await post(request, "reversal", [], options)
