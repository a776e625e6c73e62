"""The feed on its way to Kafka and Redis Streams, and what a dead sink and Redis locks cost."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from confluent_kafka import Consumer, TopicPartition

from app.sink_url import parse_sink_url
from bench import delivery
from bench.harness import Bench
from tests.sinks.kafka import KafkaBroker
from tests.sinks.redis import RedisServer

TOPIC = "zerosum.events"
DEAD = "kafka://127.0.0.1:1/dead"
PACE_PER_S, PACE_S = 200, 10

Result = dict[str, float]


@contextlib.contextmanager
def kafka() -> Iterator[KafkaBroker]:
    with tempfile.TemporaryDirectory(prefix="zerosum-bench-kafka-") as room:
        broker = KafkaBroker(Path(room))
        broker.start()
        try:
            broker.topic(TOPIC)
            yield broker
        finally:
            broker.end()


@contextlib.contextmanager
def redis() -> Iterator[RedisServer]:
    """A Redis that keeps nothing on disk, as most people have it."""
    with tempfile.TemporaryDirectory(prefix="zerosum-bench-redis-") as room:
        server = RedisServer(Path(room))
        server.start("--appendonly", "no")
        try:
            yield server
        finally:
            server.end()


async def add(bench: Bench, url: str) -> int:
    sink = parse_sink_url(url)
    async with bench.database() as conn:
        await conn.execute(
            "select zerosum.create_sink(1, $1, $2, '{*}', 'now')", sink.name, sink.url
        )
        found: int = await conn.fetchval("select id from ledger.sinks where name = $1", sink.name)
        return found


async def remove(bench: Bench, sink: int) -> None:
    async with bench.database() as conn:
        await conn.execute("select zerosum.remove_sink(1, $1)", sink)


async def backlog(bench: Bench, url: str) -> Result:
    """Return how fast a sink gets events that have piled up while no relay ran, from the first one
    that it has acknowledged to the last."""
    bench.stop()
    bench.start("--no-relay")
    sink = await add(bench, url)
    cursor = "select sent_seq from ledger.sinks where id = $1"
    async with bench.database() as conn:
        start = await conn.fetchval(cursor, sink)
        await delivery.pile_up(conn, delivery.BACKLOG)
        bench.spawn("relay")
        seen: list[tuple[float, int]] = []
        async with asyncio.timeout(120):
            while not seen or seen[-1][1] < start + delivery.BACKLOG:
                at = await conn.fetchval(cursor, sink)
                if at > start and (not seen or at > seen[-1][1]):
                    seen.append((time.monotonic(), at))
                await asyncio.sleep(0.005)
    await remove(bench, sink)
    bench.stop()
    bench.start()
    return {"per_s": (seen[-1][1] - seen[0][1]) / (seen[-1][0] - seen[0][0])}


async def soon(bench: Bench, broker: KafkaBroker) -> Result:
    """Return the times from recorded_at, which is a little before the commit, to a consumer of
    Kafka."""
    await delivery.drained(bench)
    sink = await add(bench, f"kafka://{broker.address}/{TOPIC}")
    arrivals: list[tuple[float, bytes]] = []
    done = threading.Event()
    ready = threading.Event()
    thread = threading.Thread(target=consume, args=(broker, arrivals, ready, done))
    thread.start()
    try:
        await asyncio.to_thread(ready.wait, 30)
        await delivery.pay(bench, PACE_PER_S, PACE_S)
        await asyncio.sleep(1)
    finally:
        done.set()
        thread.join()
        await remove(bench, sink)
    return delivery.latencies(arrivals)


def consume(
    broker: KafkaBroker,
    arrivals: list[tuple[float, bytes]],
    ready: threading.Event,
    done: threading.Event,
) -> None:
    """Consume from the end of the topic on."""
    consumer = Consumer(
        {
            "bootstrap.servers": broker.address,
            "group.id": "bench",
            "fetch.wait.max.ms": 100,
            "log_level": 0,
        }
    )
    places = []
    for n in consumer.list_topics(TOPIC, timeout=10).topics[TOPIC].partitions:
        _, end = consumer.get_watermark_offsets(TopicPartition(TOPIC, n), timeout=10)
        places.append(TopicPartition(TOPIC, n, end))
    consumer.assign(places)
    ready.set()
    while not done.is_set():
        message = consumer.poll(0.1)
        if message is not None and message.error() is None:
            arrivals.append((time.time(), message.value() or b""))
    consumer.close()


async def with_no_sink(bench: Bench) -> Result:
    """Remove the sinks: no run of load pays for the events of the one before."""
    await delivery.drained(bench)
    return await bench.transfers(64, "uniform")


async def with_dead_sink(bench: Bench) -> Result:
    sink = await add(bench, DEAD)
    try:
        return await with_no_sink(bench)
    finally:
        await remove(bench, sink)


async def with_locks(bench: Bench, url: str) -> Result:
    bench.stop()
    bench.environ["REDIS_URL"] = url
    bench.start("--no-relay")
    try:
        return await bench.transfers(64, "uniform")
    finally:
        del bench.environ["REDIS_URL"]
        bench.stop()
        bench.start("--no-relay")
