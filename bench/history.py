"""An old ledger: what a transfer costs there, how large the ledger is, what its log costs and how
soon it proves."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import statistics
import time
from functools import partial
from typing import Any

import asyncpg
import httpx

from app.host.migrate import SQL
from bench.harness import KEY, Bench
from bench.load import WALLETS
from tests.support.ledger import lease

TRANSACTIONS = int(os.environ.get("BENCH_TRANSACTIONS", "5000000"))
NAME = f"transfers, {TRANSACTIONS:,} before"
FILLERS, BATCH = 2, 500
PROOFS = 300
STAMPED = 100_000
POST = "select count(*) from zerosum.post(1, $1, $2, $3, $4, $5, $6)"
TILES_OFF = (
    "create or replace function zerosum.fill_tiles(ledger bigint, size bigint) returns void"
    " language sql as 'select'"
)
SIZES = """
select sum(pg_total_relation_size(oid)) filter (where relname in ('transactions', 'entries', 'tiles')),
    sum(pg_total_relation_size(oid)) filter (where relname in ('events', 'event_bundles'))
from pg_class where relnamespace = 'ledger'::regnamespace and relkind = 'r'
"""


async def fill(bench: Bench, transactions: int) -> None:
    """Post transfers by the function, while the running relay stamps them."""
    numbers = itertools.count()

    async def work() -> None:
        async with bench.database() as conn:
            while (number := next(numbers)) * BATCH < transactions:
                pairs = [random.sample(range(WALLETS), 2) for _ in range(BATCH)]
                await conn.fetch(
                    POST,
                    ["transfer"] * BATCH,
                    [f"{number:012x}-{i}" for i in range(BATCH)],
                    list(range(1, BATCH + 1)),
                    [f"w{source}" for source, _ in pairs],
                    [f"w{destination}" for _, destination in pairs],
                    [str(random.randrange(1, 1000)) for _ in range(BATCH)],
                )

    await asyncio.gather(*(work() for _ in range(FILLERS)))
    await bench.checkpoint()
    async with bench.database() as conn:
        await conn.execute("vacuum (analyze)")


async def sizes(bench: Bench) -> dict[str, float]:
    """Return the bytes on disk that a transfer takes, indexes too: with its event, and without it.

    The outbox is empty by now, and what it leaves behind is reused: it does not count.
    """
    async with bench.database() as conn:
        ((kept, events),) = await conn.fetch(SIZES)
        count = await conn.fetchval("select count(*) from ledger.transactions")
    return {"bytes": float(kept + events) / count, "bytes_purged": float(kept) / count}


async def proofs(bench: Bench) -> dict[str, float]:
    """Read inclusion proofs of any events over HTTP, one after the other."""
    headers = {"Authorization": f"Bearer {KEY}"}
    took = []
    async with httpx.AsyncClient(base_url=bench.base, headers=headers) as http:
        size = (await http.get("/v1/proof")).json()["log"]["size"]
        for _ in range(PROOFS):
            began = time.perf_counter()
            answer = await http.get(f"/v1/proof/inclusion?seq={random.randint(1, size)}")
            answer.raise_for_status()
            took.append(time.perf_counter() - began)
    return {"p50_ms": 1000 * statistics.median(took), "events": size}


async def stamping(bench: Bench, tiles: bool) -> dict[str, float]:
    """Return how many events one connection stamps a second, in a ledger of its own; no relay may
    run."""
    async with bench.database() as conn:
        if not tiles:
            await conn.execute(TILES_OFF)
        try:
            return {"per_s": await stamp_new_ledger(conn)}
        finally:
            await conn.execute((SQL / "functions/log/fill_tiles.sql").read_text())


async def stamp_new_ledger(conn: asyncpg.Connection) -> float:
    number = await conn.fetchval("select zerosum.create_ledger($1)", f"l{time.time_ns()}")
    await conn.execute(
        "insert into ledger.outbox (ledger_id, aggregatetype, aggregateid, type, payload, transaction_id, recorded_at)"
        " select $1, 'transaction', v.transaction_id::text, v.type, substr(v.body, strpos(v.body, ',\"data\":') + 8),"
        " v.transaction_id, v.recorded_at from zerosum.feed(1, 0, $2) v",
        number,
        STAMPED,
    )
    await lease(conn, "bench", 600)
    epoch = await conn.fetchval("select epoch from ledger.feeds where ledger_id = $1", number)
    await conn.execute("checkpoint")
    began, count = time.perf_counter(), 0
    while stamped := await conn.fetchval(
        "select stamped from zerosum.stamp($1, 'bench', $2, 500)", number, epoch
    ):
        count += stamped
    return count / (time.perf_counter() - began)


async def measure(bench: Bench, rounds: Any, clients: int) -> dict[str, dict[str, float]]:
    """bench: nothing of it runs yet. The old ledger and a young one take turns."""
    old, young = Bench(bench.postgres, "old"), Bench(bench.postgres, "young")
    try:
        for one in (old, young):
            await one.create()
        began = time.perf_counter()
        await fill(old, TRANSACTIONS)
        filled = TRANSACTIONS / (time.perf_counter() - began)
        results: dict[str, dict[str, float]] = {
            "filling an old ledger": {"per_s": filled},
            "transfers on disk": await sizes(old),
        }
        results |= await rounds(
            {
                "transfers, none before": partial(young.transfers, clients, "uniform"),
                NAME: partial(old.transfers, clients, "uniform"),
            }
        )
        results["inclusion proof"] = await proofs(old)
        young.stop()
        old.stop()
        results |= await rounds(
            {
                "stamping with tiles": partial(stamping, old, True),
                "stamping without tiles": partial(stamping, old, False),
            }
        )
        return results
    finally:
        young.stop()
        old.stop()
