"""Relays of several hosts share the ledgers: one that comes takes its part, one that is killed is
replaced, and no event is lost."""

from __future__ import annotations

import asyncio
import re
import signal
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import httpx
import pytest

from tests.support.ledger import verify
from tests.support.process import ServerProcess, free_port
from tests.support.receiver import Receiver
from tests.support.until import until
from tests.support.webhooks import SECRET

LEDGERS = range(1, 7)
LEASE = re.compile(r'^zerosum_relay_lease\{ledger="(\w+)"\} 1\.0$', re.MULTILINE)


@pytest.fixture
async def trio(
    tmp_path: Path, database_url: str, db: asyncpg.Connection, receiver: Receiver
) -> AsyncIterator[list[ServerProcess]]:
    """Three servers, of which the first runs, over six ledgers with a wallet and an endpoint each."""
    for n in LEDGERS:
        if n > 2:
            await db.execute("select zerosum.create_ledger($1)", f"shop{n}")
        await db.execute("select zerosum.create_wallet($1, 'alice', 'USD')", n)
        url = f"{receiver.url}/{n}"
        await db.execute("select zerosum.create_endpoint($1, $2, '{*}', $3)", n, url, SECRET)
    servers = []
    for name in ("first", "second", "third"):
        (tmp_path / name).mkdir()
        settings = {"ZEROSUM_LOG_REQUESTS": "0", "ZEROSUM_METRICS_PORT": str(free_port())}
        servers.append(ServerProcess(tmp_path / name, database_url, **settings))
    await servers[0].start()
    yield servers
    for server in servers:
        if server.process is not None and server.process.returncode is None:
            await server.end()


async def leased(server: ServerProcess) -> set[str]:
    """Return the ledgers that the server's relay has, by its metrics."""
    port = server.environ["ZEROSUM_METRICS_PORT"]
    async with httpx.AsyncClient() as client:
        told = (await client.get(f"http://127.0.0.1:{port}/metrics")).text
    return set(LEASE.findall(told))


async def parts(servers: list[ServerProcess]) -> list[int]:
    return sorted([len(await leased(server)) for server in servers])


@pytest.mark.slow
async def test_relays_come_and_go_under_load(
    trio: list[ServerProcess], db: asyncpg.Connection, database_url: str, receiver: Receiver
) -> None:
    posted: Counter[int] = Counter()
    stop = asyncio.Event()

    async def load(ledger: int) -> None:
        conn = await asyncpg.connect(database_url)
        while not stop.is_set():
            await conn.execute("select zerosum.credit($1, 'alice', 1)", ledger)
            posted[ledger] += 1
            await asyncio.sleep(0.005)
        await conn.close()

    first, second, third = trio
    loads = [asyncio.create_task(load(ledger)) for ledger in LEDGERS]
    try:
        await until(lambda: shares([first], [6]))
        await second.start()
        await until(lambda: shares([first, second], [3, 3]))
        await third.start()
        await until(lambda: shares(trio, [2, 2, 2]))
        # Nobody was killed yet, so nothing came twice.
        assert max(Counter(one.id for one in receiver.got).values()) == 1
        await third.end()
        await until(lambda: shares([first, second], [3, 3]))
        assert max(Counter(one.id for one in receiver.got).values()) == 1
        await second.end(signal.SIGKILL)
        await until(lambda: shares([first], [6]))
    finally:
        stop.set()
        await asyncio.gather(*loads)

    async def arrived() -> bool:
        return len({one.id for one in receiver.got}) == sum(posted.values())

    await until(arrived)
    by_ledger = Counter(
        int(path[1:]) for path in {one.id: one.path for one in receiver.got}.values()
    )
    assert by_ledger == posted
    for ledger in LEDGERS:
        seqs = [
            r["seq"]
            for r in await db.fetch("select seq from zerosum.list_events($1, 0, 100000)", ledger)
        ]
        assert seqs == list(range(1, posted[ledger] + 1))
        assert await verify(db, ledger) == []


async def shares(servers: list[ServerProcess], wanted: list[int]) -> bool:
    return await parts(servers) == wanted


@pytest.mark.slow
async def test_a_killed_relays_ledgers_are_taken_within_a_lease(
    trio: list[ServerProcess], db: asyncpg.Connection, receiver: Receiver
) -> None:
    first, second, _ = trio
    await second.start()
    await until(lambda: shares([first, second], [3, 3]))
    assert await leased(first) & await leased(second) == set()
    await first.end(signal.SIGKILL)
    for ledger in LEDGERS:
        await db.execute("select zerosum.credit($1, 'alice', 1)", ledger)

    async def arrived() -> bool:
        return {one.path for one in receiver.got} == {f"/{n}" for n in LEDGERS}

    async with asyncio.timeout(10):  # A lease is five seconds.
        await until(arrived)
    assert await parts([second]) == [6]
