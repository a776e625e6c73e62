"""ZEROSUM_METRICS_PORT: `/metrics`, `/readyz` and `/healthz` of a server or relay, with every name
and without a key."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.database.connections import Pool
from app.database.replicas import Replicas
from app.http.health import measured, ready
from app.http.server import Server
from app.posting.group_commit import GroupCommit


@contextlib.asynccontextmanager
async def metrics_server(
    listening: socket.socket | None,
    pool: Pool,
    group_commit: GroupCommit | None,
    replicas: Replicas | None = None,
) -> AsyncIterator[None]:
    """Answer on this socket for as long as the block runs; None: there is no metrics port."""
    if listening is None:
        yield
        return

    async def read_metrics(_: Request) -> Response:
        return await measured(pool, group_commit, None)

    async def readyz(_: Request) -> Response:
        return await ready(pool, group_commit, None, replicas)

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    routes = [
        Route("/metrics", read_metrics),
        Route("/readyz", readyz),
        Route("/healthz", healthz),
    ]
    config = uvicorn.Config(
        Starlette(routes=routes),
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=1,
    )
    server = Server(config)
    task = asyncio.create_task(server.serve([listening]))
    try:
        yield
    finally:
        server.should_exit = True
        await task
