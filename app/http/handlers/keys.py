"""`/v1/keys`: an admin key creates, lists and revokes API keys of its ledger."""

from __future__ import annotations

from starlette.responses import Response

from app.api_keys import new_key, stored
from app.database.connections import call
from app.errors import Refusal
from app.http.bodies import KeyRequest
from app.http.paging import list_by_id
from app.http.request import ApiRequest
from app.http.responses import answer


async def create_key(request: ApiRequest[KeyRequest]) -> Response:
    """Create an API key.

    201 with the key itself, which is shown this once.
    """
    key = new_key()
    added = stored(key, request.body.scope)
    (row,) = await call(request.services.pool, "add_key", ledger=request.caller.ledger, **added)
    return answer(request, f'{row["body"][:-1]},"key":"{key}"}}', 201)


async def list_keys(request: ApiRequest[None]) -> Response:
    """List API keys by id.

    Without the keys themselves.
    """
    return await list_by_id(request, "list_keys")


async def revoke_key(request: ApiRequest[None]) -> Response:
    """Revoke an API key.

    204. The key is refused within a second.
    """
    ledger, id_ = request.caller.ledger, request.number()
    (row,) = await call(request.services.pool, "revoke_key", ledger=ledger, id=id_)
    if not row[0]:
        raise Refusal("not_found")
    return Response(status_code=204)
