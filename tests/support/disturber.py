"""What happens to a database and to its servers, at random: locks, deadlocks, backends that end or
are cancelled, a database that is read-only for a moment, servers that are killed or stopped."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg

from tests.sinks.redis import RedisServer
from tests.support.process import ServerProcess


async def two_servers(room: Path, url: str, **settings: str) -> list[ServerProcess]:
    """Start two servers over one database, which log no requests: nobody reads their logs."""
    servers = []
    for name in ("one", "two"):
        (room / name).mkdir()
        server = ServerProcess(room / name, url, ZEROSUM_LOG_REQUESTS="0", **settings)
        await server.start()
        servers.append(server)
    return servers


class Disturber:
    """run() disturbs until a time of the loop's clock. wallets: of ledger 1, which may be locked."""

    def __init__(
        self,
        db: asyncpg.Connection,
        url: str,
        servers: list[ServerProcess],
        rng: random.Random,
        wallets: tuple[str, ...],
        redis: RedisServer | None = None,
    ) -> None:
        self.db, self.url, self.servers, self.rng = db, url, servers, rng
        self.wallets, self.redis = wallets, redis
        self.steps: list[Callable[[], Awaitable[None]]] = [
            *[self.lock] * 4,
            *[self.lock_against_order] * 2,
            *[self.end_backends] * 2,
            self.cancel,
            self.refuse_writes,
            self.kill,
            self.stop_for_a_moment,
            *([self.disturb_redis] * 3 if redis else []),
        ]

    async def run(self, until: float) -> None:
        while asyncio.get_running_loop().time() < until:
            await self.rng.choice(self.steps)()
            await asyncio.sleep(self.rng.uniform(0, 0.3))

    async def lock(self) -> None:
        await self.hold_locks([self.rng.choice(self.wallets)], self.rng.choice([0.05, 0.4, 1.0]))

    async def lock_against_order(self) -> None:
        """Somebody locks wallets in another order than ours: a deadlock, which ends one of us."""
        await self.hold_locks(sorted(self.rng.sample(self.wallets, 3), reverse=True), 0.1)

    async def hold_locks(self, names: list[str], seconds: float) -> None:
        conn = await asyncpg.connect(self.url)
        with contextlib.suppress(asyncpg.PostgresError, asyncpg.InterfaceError):
            async with conn.transaction():
                for name in names:
                    locked = "select from ledger.wallets where ledger_id = 1 and id = $1 for update"
                    await conn.execute(locked, name)
                    await asyncio.sleep(0.02)
                await asyncio.sleep(seconds)
        await conn.close()

    async def end_backends(self) -> None:
        await self.signal("pg_terminate_backend")

    async def cancel(self) -> None:
        await self.signal("pg_cancel_backend")

    async def signal(self, function: str) -> None:
        await self.db.execute(
            f"select {function}(pid) from pg_stat_activity where datname = current_database()"
            " and pid <> pg_backend_pid() and random() < 0.5"
        )

    async def refuse_writes(self) -> None:
        """As after a failover that left us with a standby."""
        name = await self.db.fetchval("select current_database()")
        await self.db.execute(f"alter database {name} set default_transaction_read_only = on")
        await self.signal("pg_terminate_backend")
        await asyncio.sleep(self.rng.uniform(0.1, 0.5))
        await self.db.execute("set default_transaction_read_only = off")
        await self.db.execute(f"alter database {name} reset default_transaction_read_only")

    async def kill(self) -> None:
        server = self.rng.choice(self.servers)
        await server.end(signal.SIGKILL)
        await server.start()

    async def stop_for_a_moment(self) -> None:
        server = self.rng.choice(self.servers)
        assert server.process is not None
        server.process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(self.rng.uniform(0.1, 0.6))
        server.process.send_signal(signal.SIGCONT)

    async def disturb_redis(self) -> None:
        """It is killed and comes back, with or without what it had, or says nothing for a moment."""
        assert self.redis is not None
        if self.rng.random() < 0.5:
            self.redis.signal(signal.SIGSTOP)
            await asyncio.sleep(self.rng.uniform(0.05, 1))
            self.redis.signal(signal.SIGCONT)
        else:
            self.redis.end()
            await asyncio.sleep(self.rng.uniform(0, 0.5))
            keep = self.rng.choice(["yes", "no"])
            await asyncio.to_thread(self.redis.start, "--appendonly", keep)
