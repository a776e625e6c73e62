"""`make bench`: how much Zerosum does a second and how soon, beside pgbench's TPC-B, on one
embedded Postgres, in one run.

Everything is on this machine: database, server (one process, with the relay in it), load. fsync and
synchronous_commit are on, and every request has its own Idempotency-Key. A checkpoint comes before
each run of load. Figures are medians of ROUNDS. Read the ratios: machines differ, and are shared. A
ratio is the median of each round's ratio, since a shared machine changes from minute to minute.
BENCH_SECONDS sets how long each run of load takes.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg

from app.host.embedded import start_embedded
from bench import delivery, heart, history, sinks, streams
from bench.harness import SECONDS, Bench, cpu_s
from tests.support.process import free_port

ROUNDS = 3
CLIENTS, SQL_CLIENTS = 64, 32
IDLE_S = 30

Result = dict[str, float]


class Median(Result):
    """The median of each part of the runs, which are kept."""

    def __init__(self, runs: list[Result]) -> None:
        super().__init__({part: statistics.median(run[part] for run in runs) for part in runs[0]})
        self.runs = runs


async def measure(bench: Bench) -> dict[str, Result]:
    await bench.prepare()
    results: dict[str, Result] = await rounds(
        {
            "pgbench TPC-B, 64 clients": partial(bench.tpcb, CLIENTS),
            "transfers, 64 connections": partial(bench.transfers, CLIENTS, "uniform"),
            "holds placed and captured": partial(bench.transfers, CLIENTS, "holds"),
            "transfers, one hot wallet": partial(bench.transfers, CLIENTS, "hot"),
            "pgbench TPC-B, 1 client": partial(bench.tpcb, 1),
            "transfers, 1 connection": partial(bench.transfers, 1, "uniform"),
            "batches of 100, 4 connections": partial(bench.transfers, 4, "batch"),
            "transfers, one endpoint subscribed": partial(delivery.with_endpoint, bench),
        }
    )
    results["memory after load"] = {"mib": resident_mib(bench.processes[0].pid)}
    await delivery.settled(bench)
    results["webhook, idle"] = await delivery.paced(bench, 10, 30)
    results["webhook, 500 transfers/s"] = await delivery.paced(bench, 500, 10)
    results["webhooks beside one that hangs"] = await delivery.beside_one_that_hangs(bench)
    results["streams, 100 clients, 500 transfers/s"] = await streams.paced(bench, 500, 10)
    results["relay, idle"] = await idle(bench)
    results["webhooks from a backlog"] = await delivery.backlog(bench)
    results["webhooks from a backlog, 10 endpoints"] = await delivery.backlog(bench, 10)
    results |= await gate(bench)
    results |= await rounds(
        {
            "two servers and SQL clients: credits": partial(world, bench, "world"),
            "two servers and SQL clients: transfers": partial(world, bench, "uniform"),
        }
    )
    results |= await sinks_too(bench)
    bench.stop()
    bench.start("--no-relay")
    results |= await rounds(
        {
            "transfers, no relay": partial(bench.transfers, CLIENTS, "uniform"),
            "bare answers": partial(bench.bare_answers, CLIENTS),
        }
    )
    six = await bench.more_ledgers(6)
    results |= await rounds(
        {
            "transfers of one ledger": partial(bench.transfers, CLIENTS, "uniform"),
            "transfers of six ledgers": partial(bench.transfers, CLIENTS, "uniform", keys=six),
        }
    )
    bench.stop()
    results |= await heart.measure(bench, rounds)
    return results | await history.measure(bench, rounds, CLIENTS)


async def sinks_too(bench: Bench) -> dict[str, Result]:
    results = await rounds(
        {
            "transfers, relay": partial(sinks.with_no_sink, bench),
            "transfers, a dead sink": partial(sinks.with_dead_sink, bench),
        }
    )
    with sinks.redis() as server:
        results["Redis Streams from a backlog"] = await sinks.backlog(
            bench, f"redis://{server.address}/0?stream=zerosum.events"
        )
        bench.stop()
        bench.start("--no-relay")
        results |= await rounds(
            {
                "transfers, no locks": partial(bench.transfers, CLIENTS, "uniform"),
                "transfers, Redis locks": partial(sinks.with_locks, bench, server.url),
            }
        )
        bench.stop()
        bench.start()
    if shutil.which("java"):
        with sinks.kafka() as broker:
            url = f"kafka://{broker.address}/{sinks.TOPIC}"
            results["Kafka from a backlog"] = await sinks.backlog(bench, url)
            results["Kafka, 200 transfers/s"] = await sinks.soon(bench, broker)
    return results


async def rounds(works: dict[str, Callable[[], Awaitable[Result]]]) -> dict[str, Result]:
    """Return the median of each figure over ROUNDS rounds, in which the runs take turns."""
    runs: dict[str, list[Result]] = {}
    for n in range(ROUNDS):
        for name, work in works.items():
            print(f"round {n + 1} of {ROUNDS}: {name}", file=sys.stderr, flush=True)
            runs.setdefault(name, []).append(await work())
    return {name: Median(ran) for name, ran in runs.items()}


def ratio(result: Result, base: Result, part: str) -> float:
    """Return the median of each round's ratio of two things that took turns."""
    if isinstance(result, Median) and isinstance(base, Median):
        pairs = zip(result.runs, base.runs, strict=True)
        return statistics.median(run[part] / other[part] for run, other in pairs)
    return result[part] / base[part]


async def gate(bench: Bench) -> dict[str, Result]:
    """Transfers by SQL clients while the relay is awake, and with the notifying trigger switched
    off."""
    trigger = "alter table ledger.outbox {} trigger outbox_notify"

    async def without() -> Result:
        async with bench.database() as conn:
            await conn.execute(trigger.format("disable"))
            try:
                return await bench.direct(SQL_CLIENTS)
            finally:
                await conn.execute(trigger.format("enable always"))

    return await rounds(
        {
            "SQL clients, relay awake": partial(bench.direct, SQL_CLIENTS),
            "SQL clients, trigger off": without,
        }
    )


async def world(bench: Bench, shape: str) -> Result:
    """Credits by two server processes and SQL clients at once, in all."""
    port = free_port()
    second = bench.start("--no-relay", port=port)
    try:
        ran = await asyncio.gather(
            bench.transfers(CLIENTS // 2, shape),
            bench.transfers(CLIENTS // 2, shape, f"http://127.0.0.1:{port}"),
            bench.direct(SQL_CLIENTS, shape),
        )
    finally:
        bench.processes.remove(second)
        second.terminate()
        second.wait(30)
    return {"per_s": sum(run["per_s"] for run in ran), "by_sql_per_s": ran[2]["per_s"]}


async def idle(bench: Bench) -> Result:
    """What the process costs when nothing happens: statements a second that Postgres logs, and its
    share of a core."""
    await delivery.drained(bench)
    await asyncio.sleep(3)
    async with bench.database() as conn:
        own = f"[{await conn.fetchval('select pg_backend_pid()')}]"
        await log_statements(conn, "0")
        log = bench.postgres.data_dir / "log"
        told, cpu = log.stat().st_size, cpu_s(bench.processes[0].pid)
        began = time.monotonic()
        await asyncio.sleep(IDLE_S)
        took = time.monotonic() - began
        spent = cpu_s(bench.processes[0].pid) - cpu
        lines = log.read_bytes()[told:].decode(errors="replace").splitlines()
        await log_statements(conn, "-1")
    ran = [line for line in lines if re.search(" ms  (execute|statement)", line)]
    return {
        "queries_per_s": sum(own not in line for line in ran) / took,
        "core_percent": 100 * spent / took,
    }


async def log_statements(conn: asyncpg.Connection, min_ms: str) -> None:
    await conn.execute(f"alter system set log_min_duration_statement = '{min_ms}'")
    await conn.execute("select pg_reload_conf()")
    await asyncio.sleep(0.2)


def resident_mib(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


# What each figure is compared with: its name, which part of it, the bar, and what it is divided by.
BARS: list[tuple[str, str, str, float, str | None]] = [
    ("transfers, 64 connections", "per_s", ">=", 2.0, "pgbench TPC-B, 64 clients"),
    ("batches of 100, 4 connections", "per_s", ">=", 4.0, "pgbench TPC-B, 64 clients"),
    ("holds placed and captured", "per_s", ">=", 0.6, "transfers, 64 connections"),
    ("transfers, one hot wallet", "per_s", ">=", 0.9, "transfers, 64 connections"),
    ("transfers, 1 connection", "p50_ms", "<=", 2.0, "pgbench TPC-B, 1 client"),
    ("webhook, idle", "p50_ms", "<=", 10, None),
    ("webhook, idle", "p99_ms", "<=", 50, None),
    ("webhook, 500 transfers/s", "p99_ms", "<=", 250, None),
    ("webhooks beside one that hangs", "ratio", "<=", 2, None),
    ("streams, 100 clients, 500 transfers/s", "p99_ms", "<=", 200, None),
    ("webhooks from a backlog", "per_s", ">=", 3000, None),
    ("webhooks from a backlog, 10 endpoints", "per_s", ">=", 5000, None),
    ("transfers, one endpoint subscribed", "per_s", ">=", 0.6, "transfers, no relay"),
    ("transfers of six ledgers", "per_s", ">=", 0.9, "transfers of one ledger"),
    ("SQL clients, relay awake", "per_s", ">=", 0.85, "SQL clients, trigger off"),
    (
        "two servers and SQL clients: credits",
        "per_s",
        ">=",
        0.5,
        "two servers and SQL clients: transfers",
    ),
    ("Kafka from a backlog", "per_s", ">=", 10_000, None),
    ("Kafka, 200 transfers/s", "p50_ms", "<=", 20, None),
    ("Redis Streams from a backlog", "per_s", ">=", 10_000, None),
    ("transfers, a dead sink", "per_s", ">=", 0.97, "transfers, relay"),
    ("transfers, Redis locks", "per_s", ">=", 0.8, "transfers, no locks"),
    ("post, batches of 1", "cpu_us", "<=", 2.5, "bare rows, batches of 1"),
    ("post, batches of 32", "cpu_us", "<=", 1.6, "bare rows, batches of 32"),
    ("post, batches of 100", "cpu_us", "<=", 1.5, "bare rows, batches of 100"),
    ("stamping", "cpu_us", "<=", 1.5, "bare stamping"),
    ("zerosum.transfer, 64 SQL clients", "per_s", ">=", 0.8, "pgledger, 64 SQL clients"),
    ("zerosum.transfer, 1 SQL client", "per_s", ">=", 0.8, "pgledger, 1 SQL client"),
    ("transfers, no relay", "server_cpu_us", "<=", 2.5, "bare answers"),
    (history.NAME, "per_s", ">=", 0.9, "transfers, none before"),
    ("inclusion proof", "p50_ms", "<=", 10, None),
    ("stamping with tiles", "per_s", ">=", 0.95, "stamping without tiles"),
    ("transfers on disk", "bytes", "<=", 1200, None),
    ("transfers on disk", "bytes_purged", "<=", 700, None),
    ("memory after load", "mib", "<=", 150, None),
    ("relay, idle", "queries_per_s", "<=", 1, None),
    ("relay, idle", "core_percent", "<=", 1, None),
]


def report(results: dict[str, Result]) -> None:
    for name, result in results.items():
        print(f"{name:38}" + "  ".join(f"{part} {value:,.2f}" for part, value in result.items()))
    print()
    told: list[dict[str, Any]] = []
    for name, part, sign, bar, base in BARS:
        if name not in results or (base and base not in results):
            print(f"not measured here: {name}" + (f" / {base}" if base else ""))
            continue
        value = ratio(results[name], results[base], part) if base else results[name][part]
        met = value >= bar if sign == ">=" else value <= bar
        against = f" / {base}" if base else ""
        print(
            f"{'met   ' if met else 'MISSED'} {value:10,.2f} {sign} {bar:<6g} {name}: {part}{against}"
        )
        told.append(
            {"figure": name, "part": part, "of": base, "value": value, "bar": bar, "met": met}
        )
    print(json.dumps({"seconds": SECONDS, "results": results, "bars": told}))


def main() -> None:
    room = Path(tempfile.mkdtemp(prefix="zerosum-bench-"))
    room.chmod(0o755)
    postgres = start_embedded(room / "data")
    bench = Bench(postgres)
    try:
        report(asyncio.run(measure(bench)))
    finally:
        bench.stop()
        postgres.stop()
        shutil.rmtree(room)


if __name__ == "__main__":
    main()
