"""Several processes on one database: no deadlock, nothing twice; one paused past its lease;
migrating under load."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import httpx
import pytest

from app.database.connections import connect
from app.host.migrate import migrate
from tests.support.ledger import verify
from tests.support.process import ServerProcess
from tests.support.receiver import Receiver

NAMES = [f"w{n}" for n in range(10)]


@pytest.fixture
async def pair(tmp_path: Path, database_url: str) -> AsyncIterator[list[ServerProcess]]:
    """Two server processes over the test's database."""
    servers = [ServerProcess(tmp_path, database_url, ZEROSUM_LOG_REQUESTS="0") for _ in range(2)]
    for server in servers:
        await server.start()
    async with servers[0].client() as client:
        for name in NAMES:
            made = {"id": name, "asset": "USD", "min_balance": -200}
            assert (await client.post("/v1/wallets", json=made)).status_code == 201
    yield servers
    for server in servers:
        await server.end()


async def transfer(client: httpx.AsyncClient, rnd: random.Random, key: str) -> httpx.Response:
    source, destination = rnd.sample(NAMES, 2)
    body = {"source": source, "destination": destination, "amount": rnd.randrange(1, 50)}
    return await client.post("/v1/transfers", json=body, headers={"Idempotency-Key": key})


@pytest.mark.slow
async def test_two_servers_neither_deadlock_nor_post_twice(
    pair: list[ServerProcess], db: asyncpg.Connection
) -> None:
    """Each key goes to both servers at once, with the same request."""
    answers: dict[str, set[bytes]] = {}

    async def work(n: int, clients: list[httpx.AsyncClient]) -> None:
        for i in range(25):
            key = f"{n}-{i}"
            both = await asyncio.gather(*(transfer(c, random.Random(key), key) for c in clients))
            assert {answer.status_code for answer in both} <= {201, 422}, [a.text for a in both]
            posted = {answer.content for answer in both if answer.status_code == 201}
            assert len(posted) <= 1
            answers[key] = posted

    async with pair[0].client() as first, pair[1].client() as second:
        await asyncio.gather(*(work(n, [first, second]) for n in range(16)))
    posted = sum(bool(bodies) for bodies in answers.values())
    assert posted == await db.fetchval("select count(*) from ledger.transactions") > 100
    assert await verify(db) == []


@pytest.mark.slow
async def test_a_leader_that_was_paused_past_its_lease_stamps_nothing_twice(
    pair: list[ServerProcess], db: asyncpg.Connection, receiver: Receiver
) -> None:
    holder = "select holder from ledger.feeds where ledger_id = 1 and until > clock_timestamp()"
    rnd = random.Random(1)
    async with pair[0].client() as first, pair[1].client() as second:
        await first.post("/v1/webhooks", json={"url": receiver.url})
        leader, follower, client = pair[0], pair[1], second
        metrics = (await first.get("/metrics")).text
        if 'zerosum_relay_lease{ledger="main"} 1.0' not in metrics:
            leader, follower, client = pair[1], pair[0], first
        assert leader.process is not None
        posted = 0
        for n in range(20):
            posted += (await transfer(client, rnd, f"a{n}")).status_code == 201
        before = await db.fetchval(holder)
        os.kill(leader.process.pid, signal.SIGSTOP)
        for n in range(20):
            posted += (await transfer(client, rnd, f"b{n}")).status_code == 201
        async with asyncio.timeout(30):
            while (await db.fetchval(holder)) in {before, None}:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        os.kill(leader.process.pid, signal.SIGCONT)
        for n in range(20):
            posted += (await transfer(client, rnd, f"c{n}")).status_code == 201
        async with asyncio.timeout(30):
            while len({r.id for r in receiver.got}) < posted:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    assert follower is not leader
    assert [r["seq"] for r in await db.fetch("select seq from ledger.events order by seq")] == list(
        range(1, posted + 1)
    )
    assert await verify(db) == []


@pytest.mark.slow
async def test_the_old_server_goes_on_while_the_new_release_migrates(
    pair: list[ServerProcess], db: asyncpg.Connection, database_url: str, tmp_path: Path
) -> None:
    """Functions are replaced and a column is added, again and again, under load: no request fails."""
    stop = asyncio.Event()
    statuses: list[int] = []

    async def work(n: int) -> None:
        rnd = random.Random(n)
        async with pair[n % 2].client() as client:
            for i in range(10**6):
                if stop.is_set():
                    return
                statuses.append((await transfer(client, rnd, f"{n}-{i}")).status_code)

    tasks = [asyncio.create_task(work(n)) for n in range(8)]
    conn = await connect(database_url)
    for round_ in range(8):
        await asyncio.sleep(0.3)
        await migrate(conn)
        await conn.execute(f"alter table ledger.transactions add column extra_{round_} text")
    await conn.close()
    stop.set()
    await asyncio.gather(*tasks)
    assert set(statuses) <= {201, 422}
    assert len(statuses) > 100
    assert await verify(db) == []
