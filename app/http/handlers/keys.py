"""`/v1/keys`: API keys of the caller's ledger, made, listed, revoked by an admin key."""

from __future__ import annotations

import secrets
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from app.database.connections import call
from app.errors import Refusal
from app.http import parsing, request_bodies
from app.http.auth import caller_of, key_hash
from app.http.paging import list_by_id
from app.http.read_body import read_body
from app.http.responses import answer

KEY = msgspec.json.Decoder(request_bodies.KeyRequest)
HINT_LENGTH = 7


def new_key() -> str:
    return "zs_" + secrets.token_urlsafe(24)


def stored(key: str, scope: str) -> dict[str, Any]:
    """What zerosum.add_key keeps of a key: never itself."""
    return {"key_hash": key_hash(key), "scope": scope, "hint": key[:HINT_LENGTH]}


async def create_key(request: Request) -> Response:
    """201 with the key itself, shown this once."""
    state = request.app.state
    caller = caller_of(request)
    body = await read_body(request, KEY)
    key = new_key()
    (row,) = await call(state.pool, "add_key", ledger=caller.ledger, **stored(key, body.scope))
    return answer(request, f'{row["body"][:-1]},"key":"{key}"}}', 201)


async def list_keys(request: Request) -> Response:
    """By id, without the keys themselves."""
    return await list_by_id(request, "list_keys")


async def revoke_key(request: Request) -> Response:
    """204; the key is refused within a second."""
    caller = caller_of(request)
    number = parsing.path_number(request)
    (row,) = await call(request.app.state.pool, "revoke_key", ledger=caller.ledger, id=number)
    if not row[0]:
        raise Refusal("not_found")
    return Response(status_code=204)
