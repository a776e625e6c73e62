"""`/v1/keys`: API keys of the caller's ledger, made, listed, revoked by an admin key."""

from __future__ import annotations

import secrets
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from app import parsing, request_types
from app.auth import key_hash
from app.db import call
from app.errors import Refusal
from app.responses import answer, page

KEY = msgspec.json.Decoder(request_types.KeyRequest)
HINT_LENGTH = 7


def new_key() -> str:
    return "zs_" + secrets.token_urlsafe(24)


def stored(key: str, scope: str) -> dict[str, Any]:
    """What zerosum.add_key keeps of a key: never itself."""
    return {"key_hash": key_hash(key), "scope": scope, "hint": key[:HINT_LENGTH]}


async def create_key(request: Request) -> Response:
    """201 with the key itself, shown this once."""
    state = request.app.state
    caller = await state.keys.caller(request, "admin")
    body = await parsing.read_body(request, KEY)
    key = new_key()
    (row,) = await call(state.pool, "add_key", ledger=caller.ledger, **stored(key, body.scope))
    return answer(request, f'{row["body"][:-1]},"key":"{key}"}}', 201)


async def list_keys(request: Request) -> Response:
    """By id, without the keys themselves."""
    state = request.app.state
    caller = await state.keys.caller(request, "admin")
    limit = parsing.query_limit(request)
    after = parsing.query_int(request, "after", 0, 0, request_types.MAX_ID)
    rows = await call(state.pool, "list_keys", ledger=caller.ledger, after=after, max=limit)
    return page(request, rows, limit, "id")


async def revoke_key(request: Request) -> Response:
    """204; the key is refused within a second."""
    caller = await request.app.state.keys.caller(request, "admin")
    number = request.path_params["id"]
    found = number <= request_types.MAX_ID and await call(
        request.app.state.pool, "revoke_key", ledger=caller.ledger, id=number
    )
    if not found or not found[0][0]:
        raise Refusal("not_found")
    return Response(status_code=204)
