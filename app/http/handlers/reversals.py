"""`POST /v1/transactions/{id}/reverse`."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from app.http import parsing
from app.http.auth import demand
from app.http.handlers.transactions import post, read
from app.http.parsing import amount_text, optional
from app.http.request_bodies import Reversal

REVERSAL = msgspec.json.Decoder(Reversal)


async def reverse_transaction(request: Request) -> Response:
    """Move back what a transaction moved: all that is left, an amount, or some postings. `force` needs an admin key."""
    caller, body = await read(request, REVERSAL)
    if body.force:
        demand(caller, "admin")
    options = {
        "transaction": parsing.path_number(request, missing="unknown_transaction"),
        "amount": optional(amount_text, body.amount),
        "postings": parsing.parts(body.postings),
        "force": body.force or None,
    }
    return await post(request, caller, "reversal", body, [], options)
