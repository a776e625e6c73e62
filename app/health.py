"""`/healthz`: the process answers. `/readyz`: it can serve, the database too."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.db import DATABASE_ERRORS, call

READY_TIMEOUT_S = 2


async def healthz(_: Request) -> Response:
    return JSONResponse({"status": "ok"})


async def readyz(request: Request) -> Response:
    try:
        async with asyncio.timeout(READY_TIMEOUT_S):
            await call(request.app.state.pool, "schema_version")
    except DATABASE_ERRORS as error:
        return JSONResponse(
            {"status": "unavailable", "database": type(error).__name__}, 503, {"Retry-After": "1"}
        )
    return JSONResponse({"status": "ok", "database": "ok"})
