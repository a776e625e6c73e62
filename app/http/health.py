"""Whether the process can serve, and its metrics: for the API's own routes and for the metrics
port.

Load balancers have no key. Names of ledgers, sinks and hosts are shown only with an API key, and
only those of its ledger. On the metrics port, which the operator keeps private, all are shown.
"""

from __future__ import annotations

import asyncio
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import JSONResponse, Response

from app import metrics
from app.database.connections import Pool, call
from app.database.errors import DATABASE_ERRORS
from app.database.replicas import Replicas
from app.posting.group_commit import GroupCommit

READY_TIMEOUT_S = 2
SINKS = 100  # The metrics have all sinks.
# When an event waits longer to be stamped, something is wrong; it is not load any more.
BEHIND_S = 60


async def ready(
    pool: Pool,
    group_commit: GroupCommit | None,
    ledger: str | None,
    replicas: Replicas | None = None,
) -> Response:
    """Return the answer of /readyz. ledger: whose sinks are named; None: all ledgers', "": none.
    group_commit: None where no money is posted. A standby that is away makes nothing unready: the
    primary answers."""
    try:
        async with asyncio.timeout(READY_TIMEOUT_S):
            ((_, writable, outbox_age_s),) = await call(pool, "readiness")
            sinks = await call(pool, "sink_states") if ledger != "" else []
    except DATABASE_ERRORS as error:
        return not_ready(type(error).__name__)
    if not writable:
        return not_ready("read-only")
    if group_commit is not None and not group_commit.can_post():
        return not_ready("money can't be posted")
    document: dict[str, Any] = {
        "status": "ok",
        "database": "ok",
        "relay": "behind" if outbox_age_s > BEHIND_S else "ok",
    }
    if ledger != "":
        document["sinks"] = [
            {name: row[name] for name in ("ledger", "name", "state", "behind")}
            for row in sinks
            if ledger in {None, row["ledger"]}
        ][:SINKS]
        if replicas is not None:
            document["replicas"] = [
                {"replica": one.number, "state": one.state, "lag_s": one.lag_s}
                for one in replicas.all
            ]
    return JSONResponse(document)


def not_ready(why: str) -> Response:
    return JSONResponse({"status": "unavailable", "database": why}, 503, {"Retry-After": "1"})


async def measured(pool: Pool, group_commit: GroupCommit | None, ledger: str | None) -> Response:
    """Return the metrics as an answer. ledger and group_commit: as in ready()."""
    if group_commit is not None:
        metrics.QUEUE.set(group_commit.queued)
        metrics.BUSY.set(group_commit.slow_lane.requests)
    if ledger != "":
        await measure_ledgers(pool)
    return Response(metrics.exposition(ledger), media_type=CONTENT_TYPE_LATEST)


async def measure_ledgers(pool: Pool) -> None:
    for gauge in (
        metrics.OUTBOX,
        metrics.OUTBOX_AGE,
        metrics.SINK_BEHIND,
        metrics.ENDPOINT_BEHIND,
        metrics.ENDPOINT_PENDING,
        metrics.ENDPOINT_DEAD,
        metrics.CONSUMER_BEHIND,
    ):
        gauge.clear()
    try:
        async with asyncio.timeout(READY_TIMEOUT_S):
            for row in await call(pool, "outbox_state"):
                metrics.OUTBOX.labels(row["ledger"]).set(row["depth"])
                metrics.OUTBOX_AGE.labels(row["ledger"]).set(row["oldest_s"])
            for row in await call(pool, "sink_states"):
                labels = (row["ledger"], row["name"], row["state"])
                metrics.SINK_BEHIND.labels(*labels).set(row["behind"])
            for row in await call(pool, "endpoint_states"):
                ledger, endpoint = row["ledger"], row["endpoint"]
                metrics.ENDPOINT_BEHIND.labels(ledger, endpoint, row["state"]).set(row["behind"])
                metrics.ENDPOINT_PENDING.labels(ledger, endpoint).set(row["pending"])
                metrics.ENDPOINT_DEAD.labels(ledger, endpoint).set(row["dead"])
            for row in await call(pool, "consumer_states"):
                metrics.CONSUMER_BEHIND.labels(row["ledger"], row["name"]).set(row["behind"])
    except DATABASE_ERRORS:
        pass
