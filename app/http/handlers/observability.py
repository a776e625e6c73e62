"""`/healthz`: the process answers. `/readyz`: it can serve, its database too. `/metrics`: how it
does."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from app.http.health import measured, ready
from app.http.request import ApiRequest


async def healthz(_: ApiRequest[None]) -> Response:
    """Tell that the process answers."""
    return JSONResponse({"status": "ok"})


async def readyz(request: ApiRequest[None]) -> Response:
    """Tell whether the server can serve.

    503 while it can't reach its database or post money. A relay or sink that is behind is no reason
    for it.
    """
    services = request.services
    return await ready(
        services.keys.pool, services.group_commit, request.caller.ledger_name, services.replicas
    )


async def read_metrics(request: ApiRequest[None]) -> Response:
    """Read the metrics.

    In Prometheus's text format. With an API key the metrics of its ledger are there too.
    """
    services = request.services
    return await measured(services.keys.pool, services.group_commit, request.caller.ledger_name)
