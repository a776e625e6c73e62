"""`POST /v1/assets` and `GET /v1/assets`."""

from __future__ import annotations

from starlette.responses import Response

from app.database.connections import call
from app.http import parsing
from app.http.bodies import AssetRequest
from app.http.request import ApiRequest
from app.http.responses import created, page


async def create_asset(request: ApiRequest[AssetRequest]) -> Response:
    """Create an asset.

    201 with the asset; 200 if the ledger has it already, with the same scale.
    """
    (row,) = await call(
        request.services.pool,
        "create_asset",
        ledger=request.caller.ledger,
        code=parsing.plain_text(request.body.code, "invalid_asset"),
        scale=parsing.scale(request.body.scale),
    )
    return created(request, row)


async def list_assets(request: ApiRequest[None]) -> Response:
    """List assets by code.

    Those of ISO 4217 are in every ledger from its start.
    """
    after, limit = request.query.get("after"), request.query["limit"]
    ledger = request.caller.ledger
    rows = await call(request.reads, "list_assets", ledger=ledger, after=after, max=limit)
    return page(request, rows, "code")
