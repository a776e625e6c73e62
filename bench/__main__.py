"""`make bench`: transfers over HTTP beside pgbench's TPC-B, on one embedded Postgres, in one run.

Everything is on this machine: database, server (one process, the relay in it), load. fsync and synchronous_commit
are on; every request has its own Idempotency-Key. A checkpoint comes before each run; each figure is the median of
ROUNDS. Read the ratios: machines differ, and are shared.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from functools import partial
from pathlib import Path
from typing import Any

from app.db import connect
from app.embedded import EmbeddedPostgres, start_embedded
from bench.load import WALLETS
from tests.process import free_port

ROUNDS = 3
SECONDS = float(os.environ.get("BENCH_SECONDS", "8"))
CLIENTS = 64
KEY = "zs_" + secrets.token_urlsafe(24)


class Bench:
    """A database for pgbench and one for Zerosum in the same server, and the server process over it."""

    def __init__(self, postgres: EmbeddedPostgres) -> None:
        self.postgres = postgres
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"

    async def prepare(self) -> None:
        conn = await connect(self.postgres.url)
        for name in ("tpcb", "zerosum"):
            await conn.execute(f"create database {name}")
        await conn.close()
        self.pgbench("-i", "-q", "-s", "10")

    def start_server(self) -> None:
        environ = {
            **os.environ,
            "DATABASE_URL": self.postgres.url.replace("/postgres?", "/zerosum?"),
            "PORT": str(self.port),
            "ZEROSUM_API_KEY": KEY,
        }
        self.server = subprocess.Popen(
            [sys.executable, "-m", "app", "serve"], env=environ, stdout=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"{self.base}/readyz", timeout=1)
                return
            except OSError:
                time.sleep(0.05)
        raise SystemExit("the server is not ready after 30 s")

    async def make_wallets(self) -> None:
        """As analyse would find them in a young database: while the tables are empty."""
        conn = await connect(self.postgres.url.replace("/postgres?", "/zerosum?"))
        await conn.execute(
            "insert into ledger.wallets (ledger_id, id, asset, min_balance)"
            " select 1, w, 'USD', null from"
            " (select 'hot' union all select 'w' || g from generate_series(0, $1::int - 1) g) x (w)",
            WALLETS,
        )
        await conn.execute("analyze")
        await conn.close()

    async def checkpoint(self) -> None:
        conn = await connect(self.postgres.url)
        await conn.execute("checkpoint")
        await conn.close()

    def pgbench(self, *arguments: str) -> str:
        done = self.postgres.run(
            "pgbench", "-h", self.postgres.socket_dir, "-U", "postgres", *arguments, "tpcb"
        )
        if done.returncode != 0:
            raise SystemExit(done.stdout)
        return done.stdout

    async def tpcb(self, clients: int) -> dict[str, float]:
        await self.checkpoint()
        out = await asyncio.to_thread(
            self.pgbench,
            *("-M", "prepared", "-c", str(clients), "-j", "2" if clients > 1 else "1"),
            *("-T", str(int(SECONDS)), "-n"),
        )
        per_s = float(re.search(r"tps = ([0-9.]+)", out)[1])  # type: ignore[index]
        return {"per_s": per_s, "p50_ms": 1000 * clients / per_s}

    async def transfers(self, connections: int, shape: str) -> dict[str, float]:
        await self.checkpoint()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bench.load", self.base, KEY),
            *(str(connections), str(SECONDS), shape),
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await process.communicate()
        if process.returncode != 0:
            raise SystemExit("the load failed")
        result: dict[str, float] = json.loads(out)
        return result


def median(runs: list[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


async def measure(bench: Bench) -> dict[str, Any]:
    await bench.prepare()
    bench.start_server()
    await bench.make_wallets()
    runs: dict[str, list[dict[str, float]]] = {}
    for n in range(ROUNDS):
        print(f"round {n + 1} of {ROUNDS}", file=sys.stderr, flush=True)
        for name, work in (
            ("pgbench TPC-B, 64 clients", partial(bench.tpcb, CLIENTS)),
            (
                "transfers, 64 connections, 1,000 wallets",
                partial(bench.transfers, CLIENTS, "uniform"),
            ),
            ("transfers, 64 connections, one hot wallet", partial(bench.transfers, CLIENTS, "hot")),
            ("pgbench TPC-B, 1 client", partial(bench.tpcb, 1)),
            ("transfers, 1 connection", partial(bench.transfers, 1, "uniform")),
        ):
            runs.setdefault(name, []).append(await work())
    return {name: median(measured) for name, measured in runs.items()}


def report(results: dict[str, Any]) -> None:
    tpcb = results["pgbench TPC-B, 64 clients"]["per_s"]
    print(f"{'':44}{'per second':>12}{'ratio':>8}{'p50 ms':>9}{'p99 ms':>9}")
    for name, result in results.items():
        p99 = f"{result['p99_ms']:9.2f}" if "p99_ms" in result else ""
        print(
            f"{name:44}{result['per_s']:12,.0f}{result['per_s'] / tpcb:8.2f}{result['p50_ms']:9.2f}{p99}"
        )
    print(json.dumps(results))


def main() -> None:
    room = Path(tempfile.mkdtemp(prefix="zerosum-bench-"))
    room.chmod(0o755)
    postgres = start_embedded(room / "data")
    bench = Bench(postgres)
    try:
        report(asyncio.run(measure(bench)))
    finally:
        if hasattr(bench, "server"):
            bench.server.terminate()
            bench.server.wait(30)
        postgres.stop()
        shutil.rmtree(room)


if __name__ == "__main__":
    main()
