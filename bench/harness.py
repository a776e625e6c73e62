"""One embedded Postgres with a database for pgbench and one for Zerosum, and the server process
over it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import secrets
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg

from app.api_keys import stored
from app.database.connections import call, connect
from app.host.embedded import EmbeddedPostgres
from bench.load import WALLETS
from relay.relay import KEEP_EVENTS
from tests.support.process import free_port

SECONDS = float(os.environ.get("BENCH_SECONDS", "8"))
LEFT = """
select exists (select from ledger.outbox) or count(*) - count(distinct ledger_id) * $1 > 0 from ledger.events
"""
KEY = "zs_" + secrets.token_urlsafe(24)


class Bench:
    def __init__(self, postgres: EmbeddedPostgres, name: str = "zerosum") -> None:
        self.postgres, self.name = postgres, name
        self.url = self.url_of(name)
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.environ: dict[str, str] = {}  # for servers that are started from now on
        self.processes: list[subprocess.Popen[bytes]] = []
        self.relays = True  # whether the server that was started last has it
        self.loads = 0  # that run now

    async def prepare(self) -> None:
        """Create the databases of the service and of pgbench's TPC-B."""
        await self.create_database("tpcb")
        self.pgbench("tpcb", "-i", "-q", "-s", "10")
        await self.create()

    async def create(self) -> None:
        """Create database, server, wallets and statistics, which are taken while the tables are
        empty, as in a young database."""
        await self.create_database(self.name)
        self.start()
        async with self.database() as conn:
            await self.fill(conn, 1)
            await conn.execute("analyze")

    def url_of(self, database: str) -> str:
        return self.postgres.url.replace("/postgres?", f"/{database}?")

    async def create_database(self, name: str) -> None:
        conn = await connect(self.postgres.url)
        await conn.execute(f"create database {name}")
        await conn.close()

    async def fill(self, conn: asyncpg.Connection, ledger: int) -> None:
        """Create the ledger's wallets."""
        await conn.execute(
            "insert into ledger.wallets (ledger_id, id, asset, min_balance)"
            " select $2, w, 'USD', null from"
            " (select 'hot' union all select 'w' || g from generate_series(0, $1::int - 1) g) x (w)",
            WALLETS,
            ledger,
        )

    async def more_ledgers(self, count: int) -> str:
        """Create so many ledgers in all, each with wallets. Returns the keys of all, separated by
        commas."""
        keys = [KEY]
        async with self.database() as conn:
            for n in range(1, count):
                ((ledger,),) = await call(conn, "create_ledger", name=f"ledger-{n}")
                await self.fill(conn, ledger)
                keys.append("zs_" + secrets.token_urlsafe(24))
                await call(conn, "add_key", ledger=ledger, **stored(keys[-1], "write"))
            await conn.execute("analyze")
        return ",".join(keys)

    def start(self, *options: str, port: int | None = None) -> subprocess.Popen[bytes]:
        """Start `zerosum serve` with these options; return when it is ready."""
        process = self.spawn("serve", *options, port=port)
        if port is None:
            self.relays = not options
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port or self.port}/readyz", timeout=1)
                return process
            except OSError:
                time.sleep(0.05)
        raise SystemExit("the server is not ready after 30 s")

    def spawn(self, *command: str, port: int | None = None) -> subprocess.Popen[bytes]:
        environ = {
            **os.environ,
            "DATABASE_URL": self.url,
            "PORT": str(port or self.port),
            "ZEROSUM_API_KEY": KEY,
            "ZEROSUM_WEBHOOK_ALLOW": "127.0.0.0/8",
            **self.environ,
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "app", *command],
            env=environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.processes.append(process)
        return process

    def stop(self) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(30)
        self.processes.clear()

    @contextlib.asynccontextmanager
    async def database(self) -> AsyncIterator[asyncpg.Connection]:
        conn = await connect(self.url)
        try:
            yield conn
        finally:
            await conn.close()

    async def deadlocks(self) -> int:
        """Return how many the database has met."""
        async with self.database() as conn:
            count: int = await conn.fetchval(
                "select deadlocks from pg_stat_database where datname = current_database()"
            )
        return count

    async def checkpoint(self) -> None:
        """Let the database finish what the last load left, so that no figure pays for another's,
        pgbench's neither."""
        async with self.database() as conn:
            if self.relays:
                async with asyncio.timeout(300):
                    while not self.loads and await conn.fetchval(LEFT, KEEP_EVENTS + 256):  # noqa: ASYNC110
                        await asyncio.sleep(0.1)
            await conn.execute("checkpoint")

    @contextlib.contextmanager
    def load(self) -> Iterator[None]:
        self.loads += 1
        try:
            yield
        finally:
            self.loads -= 1

    def pgbench(self, database: str, *arguments: str) -> str:
        done = self.postgres.run(
            "pgbench", "-h", self.postgres.socket_dir, "-U", "postgres", *arguments, database
        )
        if done.returncode != 0:
            raise SystemExit(done.stdout)
        return done.stdout

    async def run_pgbench(self, clients: int, database: str, *arguments: str) -> dict[str, float]:
        await self.checkpoint()
        with self.load():
            out = await asyncio.to_thread(
                self.pgbench,
                database,
                "-M",
                "prepared",
                "-n",
                "-c",
                str(clients),
                "-j",
                str(min(2, clients)),
                *("-T", str(max(1, int(SECONDS))), *arguments),
            )
        per_s = float(re.search(r"tps = ([0-9.]+)", out)[1])  # type: ignore[index]
        return {"per_s": per_s, "p50_ms": 1000 * clients / per_s}

    async def tpcb(self, clients: int) -> dict[str, float]:
        return await self.run_pgbench(clients, "tpcb")

    async def direct(self, clients: int, shape: str = "uniform") -> dict[str, float]:
        """SQL clients call the functions: transfers (keyed: each with a key), or credits from
        @world."""
        verbs = {
            "uniform": "transfer(1, 'w' || :a, 'w' || :b, 1)",
            "keyed": "transfer(1, 'w' || :a, 'w' || :b, 1, gen_random_uuid()::text)",
            "world": "credit(1, 'w' || :b, 1)",
        }
        return await self.script(shape, clients, self.name, f"zerosum.{verbs[shape]}")

    async def script(self, name: str, clients: int, database: str, verb: str) -> dict[str, float]:
        """Let pgbench's clients call this for two wallets, :a and :b."""
        script = self.postgres.data_dir / f"{name}.sql"
        script.write_text(
            f"\\set a random(0, {WALLETS - 1})\n\\set b (:a + random(1, {WALLETS - 1})) % {WALLETS}\n"
            f"select from {verb};\n"
        )
        script.chmod(0o644)
        return await self.run_pgbench(clients, database, "-f", str(script))

    async def transfers(
        self,
        connections: int,
        shape: str,
        base: str | None = None,
        keys: str = KEY,
        seconds: float = SECONDS,
    ) -> dict[str, float]:
        """Send transfers over HTTP, from a process of its own. base: another server's address.
        keys: of several ledgers."""
        await self.checkpoint()
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bench.load",
            base or self.base,
            keys,
            str(connections),
            str(seconds),
            shape,
            stdout=asyncio.subprocess.PIPE,
        )
        server = self.processes[0].pid if base is None else None
        before = cpu_s(server) if server else 0
        with self.load():
            out, _ = await process.communicate()
        if process.returncode != 0:
            raise SystemExit("the load failed")
        result: dict[str, float] = json.loads(out)
        if server:
            result["server_cpu_us"] = (cpu_s(server) - before) * 1e6 / (result["per_s"] * seconds)
        return result

    async def bare_answers(self, connections: int) -> dict[str, float]:
        """Send the same requests to an application that answers each with one answer. Its CPU time
        is as transfers() returns it."""
        port = free_port()
        command = ("-m", "uvicorn", "bench.bare_answer:app", "--port", str(port), "--no-access-log")
        server = await asyncio.create_subprocess_exec(
            sys.executable, *command, "--log-level", "warning"
        )
        try:
            await answering(port)
            before = cpu_s(server.pid)
            result = await self.transfers(connections, "uniform", f"http://127.0.0.1:{port}")
            spent = cpu_s(server.pid) - before
        finally:
            server.terminate()
            await server.wait()
        return result | {"server_cpu_us": spent * 1e6 / (result["per_s"] * SECONDS)}


async def answering(port: int) -> None:
    """Wait until somebody listens on the port."""
    for _ in range(200):
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.05)
    raise SystemExit("the bare server does not listen")


def cpu_s(pid: int) -> float:
    """Return the CPU time that the process has taken, in seconds."""
    parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")
