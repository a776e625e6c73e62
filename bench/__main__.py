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
import contextlib
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path

import asyncpg

from app.host.embedded import start_embedded
from bench import citus, console, delivery, heart, history, report, sinks, streams
from bench.bars import Median, Result, judge
from bench.harness import SECONDS, Bench, cpu_s
from bench.machine import described
from tests.support.process import free_port

ROUNDS = 3
CLIENTS, MANY, SQL_CLIENTS = 64, 384, 32
IDLE_S = 30


async def money(bench: Bench) -> dict[str, Result]:
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
    return results


async def webhooks(bench: Bench) -> dict[str, Result]:
    return {
        "webhook, idle": await delivery.paced(bench, 10, 30),
        "webhook, 500 transfers/s": await delivery.paced(bench, 500, 10),
        "webhooks beside one that hangs": await delivery.beside_one_that_hangs(bench),
        "streams, 100 clients, 500 transfers/s": await streams.paced(bench, 500, 10),
        "relay, idle": await idle(bench),
        "webhooks from a backlog": await delivery.backlog(bench),
        "webhooks from a backlog, 10 endpoints": await delivery.backlog(bench, 10),
    }


async def writers(bench: Bench) -> dict[str, Result]:
    """SQL clients, and several servers at once."""
    return await gate(bench) | await rounds(
        {
            "two servers and SQL clients: credits": partial(world, bench, "world"),
            "two servers and SQL clients: transfers": partial(world, bench, "uniform"),
        }
    )


async def bare(bench: Bench) -> dict[str, Result]:
    return await rounds(
        {
            "transfers, no relay": partial(bench.transfers, CLIENTS, "uniform"),
            "bare answers": partial(bench.bare_answers, CLIENTS),
        }
    )


async def ledgers(bench: Bench) -> dict[str, Result]:
    six = await bench.more_ledgers(6)
    return await rounds(
        {
            "transfers of one ledger": partial(bench.transfers, CLIENTS, "uniform"),
            "transfers of six ledgers": partial(bench.transfers, CLIENTS, "uniform", keys=six),
            f"transfers of one ledger, {MANY} clients": partial(bench.transfers, MANY, "uniform"),
            f"transfers of six ledgers, {MANY} clients": partial(
                bench.transfers, MANY, "uniform", keys=six
            ),
        }
    )


async def processes(bench: Bench) -> dict[str, Result]:
    return await rounds(
        {
            "transfers of one process": partial(bench.transfers, CLIENTS, "uniform"),
            "transfers of two processes": partial(two_processes, bench, CLIENTS),
            f"transfers of one process, {MANY} clients": partial(bench.transfers, MANY, "uniform"),
            f"transfers of two processes, {MANY} clients": partial(two_processes, bench, MANY),
        }
    )


async def two_processes(bench: Bench, clients: int) -> Result:
    """Transfers between the same wallets by two processes, half of the connections each."""
    with second_server(bench, "--relay") as base:
        before = await bench.deadlocks()
        ran = await asyncio.gather(
            bench.transfers(clients // 2, "uniform"),
            bench.transfers(clients // 2, "uniform", base),
        )
        deadlocks = await bench.deadlocks() - before
    per_s = sum(run["per_s"] for run in ran)
    return {"per_s": per_s, "deadlocks": deadlocks, "p99_ms": max(run["p99_ms"] for run in ran)}


@contextlib.contextmanager
def second_server(bench: Bench, *options: str) -> Iterator[str]:
    """Run a second server over the database, with these options. Yields its base URL."""
    port = free_port()
    process = bench.start(*options, port=port)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        bench.processes.remove(process)
        process.terminate()
        process.wait(30)


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
    """Return the median of each figure over ROUNDS rounds, in which the runs take turns. Each round
    begins with another one: who comes later finds fuller tables."""
    runs: dict[str, list[Result]] = {name: [] for name in works}
    turns = list(works.items())
    for n in range(ROUNDS):
        for name, work in turns:
            print(f"round {n + 1} of {ROUNDS}: {name}", file=sys.stderr, flush=True)
            runs[name].append(await work())
        turns = turns[1:] + turns[:1]
    return {name: Median(ran) for name, ran in runs.items()}


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
    with second_server(bench, "--no-relay") as base:
        ran = await asyncio.gather(
            bench.transfers(CLIENTS // 2, shape),
            bench.transfers(CLIENTS // 2, shape, base),
            bench.direct(SQL_CLIENTS, shape),
        )
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


# What is measured, in this order, each with what must run: a server with its relay, one without, or
# nothing.
GROUPS: dict[str, tuple[str, Callable[[Bench], Awaitable[dict[str, Result]]]]] = {
    "money": ("relay", money),
    "webhooks": ("relay", webhooks),
    "writers": ("relay", writers),
    "processes": ("relay", processes),
    "sinks": ("relay", sinks_too),
    "bare": ("no relay", bare),
    "console": ("no relay", lambda bench: console.measure(bench, rounds, CLIENTS)),
    "ledgers": ("no relay", ledgers),
    "citus": ("nothing", lambda _: citus.measure(rounds, CLIENTS)),
    "heart": ("nothing", lambda bench: heart.measure(bench, rounds)),
    "history": ("nothing", lambda bench: history.measure(bench, rounds, CLIENTS)),
}


async def measure(bench: Bench, names: list[str], results: dict[str, Result]) -> dict[str, str]:
    """Add the figures of these groups to `results`, each when it is measured. Returns where it
    was measured."""
    await bench.prepare()
    async with bench.database() as conn:
        machine = await described(conn, SECONDS)
    runs = "relay"
    for name in names:
        needed, group = GROUPS[name]
        if needed != runs:
            bench.stop()
            if needed != "nothing":
                bench.start(*(["--no-relay"] if needed == "no relay" else []))
            runs = needed
        results |= await group(bench)
    return machine


def tell(results: dict[str, Result]) -> None:
    """Print the figures, and which bars they meet."""
    for name, result in results.items():
        print(f"{name:38}" + "  ".join(f"{part} {value:,.2f}" for part, value in result.items()))
    print()
    for one in judge(results):
        bar = one.bar
        against = f" / {bar.base}" if bar.base else ""
        if one.value is None:
            print(f"not measured here: {bar.figure}{against}")
            continue
        print(
            f"{'met   ' if one.met else 'MISSED'} {one.value:10,.2f} {bar.sign} {bar.limit:<6g}"
            f" {bar.figure}: {bar.part}{against}"
        )


def main() -> None:
    """Measure all groups, or those that are named."""
    names = sys.argv[1:] or list(GROUPS)
    if unknown := set(names) - GROUPS.keys():
        sys.exit(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(GROUPS)}")
    room = Path(tempfile.mkdtemp(prefix="zerosum-bench-"))
    room.chmod(0o755)
    postgres = start_embedded(room / "data")
    bench = Bench(postgres)
    results: dict[str, Result] = {}
    machine = {}
    try:
        machine = asyncio.run(measure(bench, names, results))
    finally:
        bench.stop()
        postgres.stop()
        shutil.rmtree(room)
        # What was measured until then, if it is interrupted.
        tell(results)
    print(f"\nThe same with plots: {report.write(machine, results)}")


if __name__ == "__main__":
    main()
