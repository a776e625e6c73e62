"""`/healthz`: the process answers. `/readyz`: it can serve, the database too. `/metrics`: how it does."""

from __future__ import annotations

import asyncio

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app import metrics
from app.db import call
from app.db_errors import DATABASE_ERRORS

READY_TIMEOUT_S = 2
SINKS = 100  # Those beyond are in the metrics.


async def healthz(_: Request) -> Response:
    return JSONResponse({"status": "ok"})


async def readyz(request: Request) -> Response:
    """It can serve; how its sinks do, which is no reason not to."""
    try:
        async with asyncio.timeout(READY_TIMEOUT_S):
            await call(request.app.state.pool, "schema_version")
            sinks = await call(request.app.state.pool, "sink_states")
    except DATABASE_ERRORS as error:
        return JSONResponse(
            {"status": "unavailable", "database": type(error).__name__}, 503, {"Retry-After": "1"}
        )
    told = [
        {name: row[name] for name in ("ledger", "name", "state", "behind")} for row in sinks[:SINKS]
    ]
    return JSONResponse({"status": "ok", "database": "ok", "sinks": told})


async def read_metrics(request: Request) -> Response:
    """In Prometheus's text format; the outbox is looked at now, and left out while the database is away."""
    state = request.app.state
    metrics.QUEUE.set(len(state.group_commit.queue))
    metrics.BUSY.set(len(state.group_commit.slow_lane.waiting))
    metrics.OUTBOX.clear()
    metrics.OUTBOX_AGE.clear()
    metrics.SINK_BEHIND.clear()
    try:
        async with asyncio.timeout(READY_TIMEOUT_S):
            for row in await call(state.pool, "outbox_state"):
                metrics.OUTBOX.labels(row["ledger"]).set(row["depth"])
                metrics.OUTBOX_AGE.labels(row["ledger"]).set(row["oldest_s"])
            for row in await call(state.pool, "sink_states"):
                labels = (row["ledger"], row["name"], row["state"])
                metrics.SINK_BEHIND.labels(*labels).set(row["behind"])
    except DATABASE_ERRORS:
        pass
    return Response(metrics.exposition(), media_type=CONTENT_TYPE_LATEST)
