"""One process with everything optional switched on by its settings, and none of it needed."""

from __future__ import annotations

import asyncio
import signal
import sys
import time

import pytest
import redis.asyncio

from tests.sinks.redis import RedisServer
from tests.support.ledger import verify
from tests.support.process import ServerProcess

PAY = {"source": "alice", "destination": "bob", "amount": 1}


async def length(server: RedisServer) -> int:
    async with redis.asyncio.Redis(port=server.port) as client:
        return int(await client.xlen("s"))


async def until_length(server: RedisServer, count: int) -> None:
    async with asyncio.timeout(20):
        while await length(server) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


@pytest.mark.slow
async def test_sinks_locks_and_limits_come_from_the_settings(
    server: ServerProcess, redis_server: RedisServer
) -> None:
    server.environ |= {
        "REDIS_URL": redis_server.url,
        "ZEROSUM_SINKS": f"{redis_server.url}?stream=s kafka://127.0.0.1:1/dead",
        "ZEROSUM_RATE_LIMIT": "1000/second",
    }
    await server.start()
    conn = await server.connect()
    async with server.client() as client:
        for name in ("alice", "bob"):
            made = {"id": name, "asset": "USD", "min_balance": None}
            assert (await client.post("/v1/wallets", json=made)).status_code == 201
        for n in range(10):
            keyed = {"Idempotency-Key": f"k{n}"}
            answer = await client.post("/v1/transfers", json=PAY, headers=keyed)
            assert answer.status_code == 201
            assert answer.headers["ratelimit-policy"] == '"key";q=1000;w=1'
        await until_length(redis_server, 10)
        async with redis.asyncio.Redis(port=redis_server.port) as redis_client:
            assert len(await redis_client.keys("zerosum:*:1:k*")) == 10
        metrics = (await client.get("/metrics")).text
        assert "zerosum_redis_up 1.0" in metrics
        assert 'zerosum_sink_events_total{ledger="main",sink="redis://' in metrics
        sinks = (await client.get("/readyz")).json()["sinks"]
        assert {sink["ledger"] for sink in sinks} == {"main"}
        redis_server.end(signal.SIGKILL)
        answer = await client.post("/v1/transfers", json=PAY, headers={"Idempotency-Key": "k0"})
        assert (answer.status_code, "idempotency-replayed" in answer.headers) == (201, True)
        for _ in range(5):
            assert (await client.post("/v1/transfers", json=PAY)).status_code == 201
        redis_server.start()
        await until_length(redis_server, 15)
        assert (await client.get("/readyz")).status_code == 200
    assert await verify(conn) == []
    await conn.close()
    began = time.monotonic()
    await server.end()
    assert time.monotonic() - began < 8  # Nothing waits for a broker that never answers.


@pytest.mark.slow
async def test_stamp_only_fills_the_feed_and_carries_nothing(
    server: ServerProcess, redis_server: RedisServer
) -> None:
    server.environ["ZEROSUM_SINKS"] = f"{redis_server.url}?stream=s"
    await server.start(sys.executable, "-m", "app", "serve", "--no-relay", "--stamp-only")
    async with server.client() as client:
        assert (
            await client.post("/v1/wallets", json={"id": "alice", "asset": "USD"})
        ).status_code == 201
        for _ in range(3):
            credit = {"wallet": "alice", "amount": 1}
            assert (await client.post("/v1/credits", json=credit)).status_code == 201
        async with asyncio.timeout(10):
            while len((await client.get("/v1/events")).json()["data"]) < 3:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    await asyncio.sleep(1.5)
    assert await length(redis_server) == 0
    await server.end()
