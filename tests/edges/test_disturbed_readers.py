"""Whatever disturbs the database and the servers, each way to read the feed has every event: pages,
the stream, a consumer's workers, a sink. Each begins again where it was, as its docs say."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
import redis.asyncio

from app.database.errors import DATABASE_ERRORS
from tests.sinks.redis import RedisServer
from tests.support.disturber import Disturber, two_servers
from tests.support.ledger import codes, fund, req, verify, wallets
from tests.support.process import ServerProcess
from tests.support.sse import Stream, stream
from tests.support.until import until

NAMES = ("a", "b", "c")
SECONDS = 8.0


class Readers:
    """What each has read, in its order. end_at: the feed's last seq, once nothing is written."""

    def __init__(self, servers: list[ServerProcess], rng: random.Random) -> None:
        self.servers, self.rng = servers, rng
        self.pages: list[Any] = []
        self.streamed: list[Any] = []
        self.worked: list[Any] = []
        self.end_at = 1 << 62

    async def again(self, what: Callable[[httpx.AsyncClient], Awaitable[bool]]) -> None:
        """Do this with one server or the other until it returns True, whatever fails."""
        while True:
            with contextlib.suppress(httpx.HTTPError, AssertionError):
                async with self.rng.choice(self.servers).client() as client:
                    while True:
                        if await what(client):
                            return
            await asyncio.sleep(0.05)

    async def page(self, client: httpx.AsyncClient) -> bool:
        after = self.pages[-1]["seq"] if self.pages else 0
        answer = await client.get("/v1/events", params={"after": after, "limit": 7, "wait": 1})
        assert answer.status_code == 200
        self.pages += answer.json()["data"]
        return bool(self.pages) and self.pages[-1]["seq"] >= self.end_at

    async def follow(self, client: httpx.AsyncClient) -> bool:
        last_id = str(self.streamed[-1]["seq"]) if self.streamed else ""
        async with stream(client, "?wallet=a&after=0", last_id) as one:
            reading = asyncio.create_task(self.keep(one))
            try:
                await until(lambda: self.is_over(reading, one), 60)
            finally:
                reading.cancel()
                await asyncio.wait([reading])
            return int(one.last_id or 0) >= self.end_at

    async def is_over(self, reading: asyncio.Task[None], one: Stream) -> bool:
        return reading.done() or int(one.last_id or 0) >= self.end_at

    async def keep(self, one: Stream) -> None:
        with contextlib.suppress(httpx.HTTPError):
            async for event in one.events():
                self.streamed.append(event)

    async def work(self, client: httpx.AsyncClient) -> bool:
        body = {"lease_s": 5, "limit": 5, "wait": 1}
        answer = await client.post("/v1/consumers/worker/lease", json=body)
        if answer.status_code == 409:
            return False
        assert answer.status_code == 200
        page = answer.json()
        for event in page["data"]:
            self.worked.append(event)
            done = {"lease": page["lease"], "seq": event["seq"]}
            told = await client.post("/v1/consumers/worker/acknowledge", json=done)
            assert told.status_code == 200
        state = await client.get("/v1/consumers/worker")
        assert state.status_code == 200
        return bool(state.json()["acknowledged_seq"] >= self.end_at)


async def pay(url: str, until_s: float) -> None:
    rng = random.Random(0)
    while asyncio.get_running_loop().time() < until_s:
        # It is cut, cancelled, or may not write.
        with contextlib.suppress(*DATABASE_ERRORS):
            conn = await asyncpg.connect(url)
            try:
                while asyncio.get_running_loop().time() < until_s:
                    pairs = [rng.sample(NAMES, 2) for _ in range(rng.choice([1, 3]))]
                    await codes(conn, *(req((one, other, 1)) for one, other in pairs))
                    await asyncio.sleep(0.01)
            finally:
                conn.terminate()


@pytest.mark.parametrize("seed", [1, *(pytest.param(n, marks=pytest.mark.slow) for n in (2, 3))])
async def test_each_reader_has_every_event(
    db: asyncpg.Connection,
    database_url: str,
    redis_server: RedisServer,
    tmp_path: Path,
    seed: int,
) -> None:
    rng = random.Random(seed)
    await wallets(db, NAMES)
    for name in NAMES:
        await fund(db, name, 10_000)
    await db.execute(
        "select zerosum.create_sink(1, 's', $1, '{*}', 'beginning')",
        f"{redis_server.url}?stream=events",
    )
    await db.execute("select zerosum.put_consumer(1, 'worker', '{*}', '{a}', '{*}', 'beginning')")
    servers = await two_servers(tmp_path, database_url)
    readers = Readers(servers, rng)
    end = asyncio.get_running_loop().time() + SECONDS
    disturber = Disturber(db, database_url, servers, rng, NAMES)
    async with asyncio.timeout(SECONDS + 60), asyncio.TaskGroup() as group:
        for one in (readers.page, readers.follow, readers.work, readers.work):
            group.create_task(readers.again(one))
        await asyncio.gather(pay(database_url, end), disturber.run(end))
        await until(lambda: nothing_waits(db))
        readers.end_at = await db.fetchval("select last_seq from ledger.feeds where ledger_id = 1")
    await until(lambda: sink_is_at(db, readers.end_at))
    for server in servers:
        await server.end()
    await compare(db, readers, redis_server)
    assert await verify(db) == []


async def nothing_waits(db: asyncpg.Connection) -> bool:
    return not await db.fetchval("select exists (select from ledger.outbox)")


async def sink_is_at(db: asyncpg.Connection, seq: int) -> bool:
    return bool(await db.fetchval("select sent_seq = $1 from ledger.sinks", seq))


async def compare(db: asyncpg.Connection, readers: Readers, server: RedisServer) -> None:
    rows = await db.fetch("select seq, body from zerosum.feed(1, 0, $1)", readers.end_at)
    feed = {row["seq"]: json.loads(row["body"]) for row in rows}
    every = [feed[seq] for seq in range(1, readers.end_at + 1)]
    wanted = [one for one in every if is_of(one, "a")]
    assert len(wanted) > 50
    assert readers.pages == every
    assert readers.streamed == wanted
    # A worker that dies, or whose acknowledgement is lost, leaves its page to the next one.
    assert distinct(readers.worked) == wanted
    async with redis.asyncio.Redis(port=server.port) as client:
        found: Any = await client.xrange("events")
    assert distinct([json.loads(fields[b"data"]) for _, fields in found]) == every


def is_of(event: Any, wallet: str) -> bool:
    return any(wallet in (one["source"], one["destination"]) for one in event["data"]["postings"])


def distinct(events: list[Any]) -> list[Any]:
    """Return each event where it came first."""
    return list({event["seq"]: event for event in events}.values())
