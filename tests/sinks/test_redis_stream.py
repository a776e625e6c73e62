"""Redis Streams, on a real redis-server."""

from __future__ import annotations

import signal
from typing import Any

import asyncpg
import pytest
import redis.asyncio

from tests.relay.conftest import RunRelay
from tests.sinks.conftest import MakeSink, bodies, pay, until
from tests.sinks.redis import RedisServer


async def entries(server: RedisServer, stream: str) -> list[dict[bytes, bytes]]:
    async with redis.asyncio.Redis(port=server.port) as client:
        found: Any = await client.xrange(stream)
        return [fields for _, fields in found]


async def test_every_event_is_an_entry(
    paying: asyncpg.Connection, run_relay: RunRelay, make_sink: MakeSink, redis_server: RedisServer
) -> None:
    sink = await make_sink(f"{redis_server.url}?stream=zerosum.events")
    await pay(paying, 50)
    async with run_relay():
        await until(paying, sink, sent_seq=53, state="ok", behind=0)
    found = await entries(redis_server, "zerosum.events")
    wanted = await bodies(paying)
    assert [f[b"data"] for f in found] == list(wanted.values())
    assert [f[b"id"].decode() for f in found] == list(wanted)
    assert [int(f[b"seq"]) for f in found] == list(range(1, 54))
    assert {(f[b"type"], f[b"ledger"]) for f in found} == {(b"transaction.posted", b"main")}
    assert all(set(f) == {b"id", b"type", b"seq", b"ledger", b"data"} for f in found)


async def test_a_server_that_is_killed_in_the_middle_gets_the_rest(
    paying: asyncpg.Connection, run_relay: RunRelay, make_sink: MakeSink, redis_server: RedisServer
) -> None:
    sink = await make_sink(f"{redis_server.url}?stream=s")
    async with run_relay():
        await pay(paying, 100)
        redis_server.end(signal.SIGKILL)
        await pay(paying, 100)
        await until(paying, sink, state="retrying", error="Redis")
        redis_server.start()
        await until(paying, sink, state="ok", behind=0, sent_seq=203, error=None)
    seqs = [int(f[b"seq"]) for f in await entries(redis_server, "s")]
    assert list(dict.fromkeys(seqs)) == list(range(1, 204))


async def test_a_stream_is_trimmed_and_named_by_ledger_and_type(
    paying: asyncpg.Connection, run_relay: RunRelay, make_sink: MakeSink, redis_server: RedisServer
) -> None:
    sink = await make_sink(
        f"{redis_server.url}?stream=z.%7Bledger%7D.{{type}}&maxlen=100&format=cloudevents"
    )
    await pay(paying, 1000)
    async with run_relay():
        await until(paying, sink, sent_seq=1003)
    found = await entries(redis_server, "z.main.transaction.posted")
    assert 100 <= len(found) <= 300
    last = found[-1]
    assert last[b"ce_specversion"] == b"1.0"
    assert last[b"ce_source"] == b"/ledgers/main"
    assert last[b"data"] == list((await bodies(paying)).values())[-1]


async def test_a_full_server_is_a_state_and_not_a_hang(
    paying: asyncpg.Connection, run_relay: RunRelay, make_sink: MakeSink, redis_server: RedisServer
) -> None:
    async with redis.asyncio.Redis(port=redis_server.port) as client:
        await client.config_set("maxmemory", 1)
        sink = await make_sink(f"{redis_server.url}?stream=s")
        async with run_relay():
            await until(paying, sink, state="retrying", error="maxmemory", sent_seq=0)
            await client.config_set("maxmemory", 0)
            await until(paying, sink, state="ok", sent_seq=3)
    assert len(await entries(redis_server, "s")) == 3


@pytest.mark.slow
async def test_a_server_that_says_nothing_is_given_up_in_time(
    paying: asyncpg.Connection, run_relay: RunRelay, make_sink: MakeSink, redis_server: RedisServer
) -> None:
    sink = await make_sink(f"{redis_server.url}?stream=s")
    async with run_relay():
        redis_server.signal(signal.SIGSTOP)
        try:
            await until(paying, sink, state="retrying", error="Redis")
        finally:
            redis_server.signal(signal.SIGCONT)
        await until(paying, sink, state="ok", behind=0)
