"""Backends that are stopped, and reads that take long: whoever does not need them does not notice.

SIGSTOP leaves a connection open and silent, as a vanished host does.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
import redis.asyncio

from app.api_keys import stored
from app.database.connections import call
from app.http import auth
from tests.sinks.redis import RedisServer
from tests.support.api import KEY, Api
from tests.support.ledger import fund, stamped, verify, wallets
from tests.support.process import ServerProcess
from tests.support.receiver import Receiver
from tests.support.until import until, until_locked_out
from tests.support.webhooks import subscribe

BACKENDS = (
    "select pid from pg_stat_activity where datname = current_database()"
    " and pid <> pg_backend_pid() and query like $1"
)


@contextlib.contextmanager
def stopped(pids: list[int]) -> Iterator[None]:
    """These processes stand still for as long as the block runs."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


async def backends(db: asyncpg.Connection, query: str = "%") -> list[int]:
    return [row["pid"] for row in await db.fetch(BACKENDS, query)]


@pytest.fixture
async def serving(
    tmp_path: Path, database_url: str, db: asyncpg.Connection
) -> AsyncIterator[tuple[ServerProcess, httpx.AsyncClient]]:
    """A server with its relay over the test's database, and a client of it; alice has 100."""
    await wallets(db, ("alice", "bob"))
    server = ServerProcess(tmp_path, database_url, ZEROSUM_LOG_REQUESTS="0")
    await server.start()
    await fund(db, "alice", 100)
    async with server.client() as client:
        pay = {"source": "alice", "destination": "bob", "amount": 1}
        assert (await client.post("/v1/transfers", json=pay)).status_code == 201
        yield server, client
    said = await server.end()
    assert "Traceback" not in said, said


async def paid(client: httpx.AsyncClient, key: str) -> tuple[str, float]:
    """Return 201 or the code, and how long the request took."""
    began = time.monotonic()
    pay = {"source": "alice", "destination": "bob", "amount": 1}
    answer = await client.post("/v1/transfers", json=pay, headers={"Idempotency-Key": key})
    told = "201" if answer.status_code == 201 else answer.json()["code"]
    return told, time.monotonic() - began


@pytest.mark.slow
async def test_money_is_answered_by_its_deadline_and_goes_on(
    serving: tuple[ServerProcess, httpx.AsyncClient], db: asyncpg.Connection
) -> None:
    _, client = serving
    with stopped(await backends(db, "%zerosum.post(%")):
        paying = [asyncio.create_task(paid(client, f"k{n}")) for n in range(5)]

        async def closed() -> bool:
            ready = await client.get("/readyz")
            return ready.status_code == 503 and ready.json()["database"] == "money can't be posted"

        await until(closed)
        told = await asyncio.gather(*paying)
        # The request that was sent found its wallets free again: its backend stood still before it
        # had locked them.
        assert all(code == "201" and took < 25 for code, took in told), told
        assert (await paid(client, "next"))[1] < 2
        assert (await client.get("/readyz")).status_code == 200
    await asyncio.sleep(1)
    assert (await client.get("/v1/wallets/bob")).json()["posted"] == 7
    assert await verify(db) == []


@pytest.mark.slow
async def test_everything_goes_on_when_every_backend_is_stopped(
    serving: tuple[ServerProcess, httpx.AsyncClient], db: asyncpg.Connection, receiver: Receiver
) -> None:
    """Keys, reads, readiness and the relay too: each is served again within seconds, over new
    connections."""
    _, client = serving
    await subscribe(db, receiver.url)
    await stamped(db)
    with stopped(await backends(db)):
        began = time.monotonic()
        reading = [asyncio.create_task(client.get("/v1/wallets/alice")) for _ in range(5)]
        code, took = await paid(client, "k")
        read = await asyncio.gather(*reading)
        assert took < 25
        assert code in {"201", "database_unavailable"}
        assert {answer.status_code for answer in read} <= {200, 503}
        while (await client.get("/v1/wallets/alice")).status_code != 200:
            assert time.monotonic() - began < 20
        while (await paid(client, "later"))[0] != "201":
            assert time.monotonic() - began < 30
        assert (await client.get("/readyz")).status_code == 200
        async with asyncio.timeout(30):
            while not receiver.got:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
    assert await verify(db) == []


@pytest.mark.parametrize("given", [True, pytest.param(False, marks=pytest.mark.slow)])
async def test_slow_reads_keep_neither_keys_nor_money_waiting(
    serving: tuple[ServerProcess, httpx.AsyncClient],
    db: asyncpg.Connection,
    database_url: str,
    given: bool,
) -> None:
    """All connections for reads are busy, and a new key is looked up all the same. given: whether
    the reads get what they wait for in the end; if not, each ends by itself."""
    _, client = serving
    key = "zs_" + "fresh" * 5
    await call(db, "add_key", ledger=1, **stored(key, "read"))
    holder = await asyncpg.connect(database_url)
    async with holder.transaction():
        await holder.execute("lock table ledger.sinks in access exclusive mode")
        reading = [asyncio.create_task(client.get("/v1/sinks")) for _ in range(8)]
        await until_locked_out(db, 2)
        for n in range(3):
            code, took = await paid(client, f"k{n}")
            assert (code, took < 1) == ("201", True)
            await asyncio.sleep(auth.FRESH_S)
        other = await client.get("/v1/nothing", headers={"Authorization": f"Bearer {key}"})
        assert other.status_code == 404
        refused = await client.post(
            "/v1/transfers", json={}, headers={"Authorization": f"Bearer {key}"}
        )
        assert refused.json()["code"] == "forbidden"
        assert not any(task.done() for task in reading)
        if not given:
            codes = {answer.json()["code"] for answer in await asyncio.gather(*reading)}
            assert codes <= {"wallet_busy", "database_unavailable"}
    if given:
        assert {answer.status_code for answer in await asyncio.gather(*reading)} == {200}
    await holder.close()


async def test_keys_that_nobody_has_cost_little_and_displace_none(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    keys = api.app.services.keys
    fetch = keys.pool.fetch

    async def counted(query: str, *arguments: Any) -> Any:
        if "find_keys" in query:
            asked.append(len(arguments[0]))
        return await fetch(query, *arguments)

    monkeypatch.setattr(keys.pool, "fetch", counted)
    assert (await api.get("/v1/assets")).status_code == 200
    asked.clear()

    async def guess(n: int) -> int:
        guessed = {"Authorization": f"Bearer zs_{n:040}"}
        return (await api.client.get("/v1/wallets", headers=guessed)).status_code

    codes = await asyncio.gather(*(guess(n) for n in range(2000)))
    assert set(codes) == {401}
    assert len(asked) < 50
    assert list(keys.known) == [KEY]
    assert not keys.pending


@pytest.mark.slow
async def test_sinks_go_on_when_every_backend_is_stopped(
    tmp_path: Path, database_url: str, db: asyncpg.Connection, redis_server: RedisServer
) -> None:
    url = f"redis://127.0.0.1:{redis_server.port}/0?stream=events&from=beginning"
    server = ServerProcess(tmp_path, database_url, ZEROSUM_LOG_REQUESTS="0", ZEROSUM_SINKS=url)
    await server.start()
    await wallets(db, ("alice",))
    await fund(db, "alice", 1)
    async with redis.asyncio.Redis(port=redis_server.port) as client, asyncio.timeout(60):
        while await client.xlen("events") < 1:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        with stopped(await backends(db)):
            await fund(db, "alice", 1)
            while await client.xlen("events") < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
    said = await server.end()
    assert "Traceback" not in said, said
