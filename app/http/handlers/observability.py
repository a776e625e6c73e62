"""`/healthz`: the process answers. `/readyz`: it can serve, the database too. `/metrics`: how it does."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from app.http.health import measured, ready
from app.http.request import ApiRequest


async def healthz(_: ApiRequest[None]) -> Response:
    """The process answers."""
    return JSONResponse({"status": "ok"})


async def readyz(request: ApiRequest[None]) -> Response:
    """It can serve; how its relay and sinks do, which is no reason not to."""
    services = request.services
    return await ready(services.keys.pool, services.group_commit, request.caller.ledger_name)


async def read_metrics(request: ApiRequest[None]) -> Response:
    """In Prometheus's text format; the outbox is looked at now, and left out while the database is away."""
    services = request.services
    return await measured(services.keys.pool, services.group_commit, request.caller.ledger_name)
