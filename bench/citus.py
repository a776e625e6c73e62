"""A ledger on one server and on Citus, with the same PostgreSQL, everything on this machine: what
the spreading costs. CITUS_PREFIX says where that PostgreSQL is; .ci/citus puts it there."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from app.database.connections import connect
from app.host.citus import scaling
from bench.bars import Result
from bench.harness import Bench
from tests.support import citus

MOVING_S = 20.0  # A move takes some seconds, and holds writers up at its end.


@dataclass(frozen=True, slots=True)
class Server:
    """What Bench asks of the server that it works on."""

    url: str
    data_dir: Path


async def measure(rounds: Any, clients: int) -> dict[str, Result]:
    """Return nothing where there is no Citus."""
    if citus.PREFIX is None:
        return {}
    with tempfile.TemporaryDirectory(prefix="zerosum-bench-citus-") as room:
        cluster = await citus.start(Path(room))
        benches: list[Bench] = []
        try:
            for scaled in (False, True):
                benches.append(await bench_on(cluster, scaled))
            plain, spread = benches
            return await rounds(
                {
                    "batches of 100, PostgreSQL": partial(plain.transfers, 4, "batch"),
                    "batches of 100, Citus": partial(spread.transfers, 4, "batch"),
                    "transfers, PostgreSQL": partial(plain.transfers, clients, "uniform"),
                    "transfers, Citus": partial(spread.transfers, clients, "uniform"),
                    "transfers, the ledger moves": partial(moving, spread, clients),
                }
            )
        finally:
            for bench in benches:
                bench.stop()
            await asyncio.to_thread(cluster.stop)


async def bench_on(cluster: citus.Cluster, scaled: bool) -> Bench:
    """Create a database, with the ledger main and its wallets, and serve it."""
    url = await cluster.database()
    if scaled:
        conn = await connect(url)
        await scaling.start(conn, shards=4)
        await conn.close()
    server = Server(cluster.coordinator.url("postgres?sslmode=disable"), cluster.coordinator.room)
    bench = Bench(server, url.rsplit("/", 1)[1])
    bench.start("--no-relay")
    async with bench.database() as conn:
        await bench.fill(conn, 1)
    return bench


async def moving(bench: Bench, clients: int) -> Result:
    """Transfers while their ledger moves to the other worker and back, as often as there is
    time. moves: how many ended meanwhile."""
    ended = asyncio.Event()
    moves = asyncio.create_task(move(bench, ended))
    try:
        result = await bench.transfers(clients, "uniform", seconds=MOVING_S)
    finally:
        ended.set()
        await moves
    return {**result, "moves": moves.result()}


async def move(bench: Bench, ended: asyncio.Event) -> int:
    count = 0
    async with bench.database() as conn:
        while not ended.is_set():
            (here,) = [place for place in await scaling.places(conn) if place.ledger == "main"]
            (target,) = [node for node in await scaling.nodes(conn) if node != here.node]
            await scaling.move(conn, "main", target)
            count += not ended.is_set()
    return count
