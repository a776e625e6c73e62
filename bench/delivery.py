"""Events on their way: how soon a webhook arrives, and how many arrive a second."""

from __future__ import annotations

import asyncio
import contextlib
import json
import statistics
import time
from collections.abc import AsyncIterator
from datetime import datetime

import asyncpg
import httpx

from bench.harness import KEY, Bench
from tests.support.ledger import stamped

BACKLOG = 20_000
ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"


class Hook(asyncio.Protocol):
    """A consumer that costs little: it reads each request, answers 204, and notes when it came."""

    def __init__(self, arrivals: list[tuple[float, bytes]]) -> None:
        self.arrivals = arrivals
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].lower()
            length = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
            if len(self.buffer) < end + 4 + length:
                return
            self.arrivals.append((time.time(), self.buffer[end + 4 : end + 4 + length]))
            self.buffer = self.buffer[end + 4 + length :]
            self.transport.write(ANSWER)  # type: ignore[attr-defined]


@contextlib.asynccontextmanager
async def subscribed(bench: Bench, endpoints: int = 1) -> AsyncIterator[list[tuple[float, bytes]]]:
    """Webhooks for every event, for as long as the block runs; yields what arrives at any."""
    arrivals: list[tuple[float, bytes]] = []
    server = await asyncio.get_running_loop().create_server(lambda: Hook(arrivals), "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with client(bench) as http:
        made = [await http.post("/v1/webhooks", json={"url": url}) for _ in range(endpoints)]
        try:
            yield arrivals
        finally:
            for one in made:
                await http.delete(f"/v1/webhooks/{one.json()['id']}")
            server.close()


def client(bench: Bench) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=bench.base, headers={"Authorization": f"Bearer {KEY}"}, timeout=30
    )


def latencies(arrivals: list[tuple[float, bytes]]) -> dict[str, float]:
    """Return the times from recorded_at, which is a little before the commit, to the arrival."""
    took = [
        at - datetime.fromisoformat(json.loads(body)["timestamp"]).timestamp()
        for at, body in arrivals
    ]
    cuts = statistics.quantiles(took, n=100)
    return {"count": len(took), "p50_ms": cuts[49] * 1000, "p99_ms": cuts[98] * 1000}


async def paced(bench: Bench, per_s: float, seconds: float, endpoints: int = 1) -> dict[str, float]:
    """Send transfers at this rate, whatever becomes of the last ones. Returns the latencies of
    their webhooks."""
    async with subscribed(bench, endpoints) as arrivals:
        count = await pay(bench, per_s, seconds)
        return await all_latencies(arrivals, count * endpoints)


async def all_latencies(arrivals: list[tuple[float, bytes]], count: int) -> dict[str, float]:
    """Return latencies() once so many have arrived, within 30 s."""
    async with asyncio.timeout(30):
        while len(arrivals) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return latencies(arrivals)


class Silent(asyncio.Protocol):
    """A consumer that reads and never answers."""


async def beside_one_that_hangs(bench: Bench) -> dict[str, float]:
    """Return the latencies of nine endpoints' webhooks, by themselves and beside a tenth that never
    answers."""
    server = await asyncio.get_running_loop().create_server(Silent, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    alone = await paced(bench, 50, 10, endpoints=9)
    async with client(bench) as http:
        made = await http.post("/v1/webhooks", json={"url": url})
        try:
            beside = await paced(bench, 50, 10, endpoints=9)
        finally:
            await http.delete(f"/v1/webhooks/{made.json()['id']}")
            server.close()
    return {
        "p99_ms": beside["p99_ms"],
        "alone_p99_ms": alone["p99_ms"],
        "ratio": beside["p99_ms"] / alone["p99_ms"],
    }


async def pay(bench: Bench, per_s: float, seconds: float) -> int:
    """Send transfers. Returns how many."""
    count = int(per_s * seconds)
    async with client(bench) as http:
        began = time.monotonic()
        sent = []
        for n in range(count):
            await asyncio.sleep(max(0.0, began + n / per_s - time.monotonic()))
            body = {"source": f"w{n % 500}", "destination": f"w{500 + n % 500}", "amount": 1}
            sent.append(asyncio.create_task(http.post("/v1/transfers", json=body)))
        for answer in await asyncio.gather(*sent):
            answer.raise_for_status()
    return count


async def backlog(bench: Bench, endpoints: int = 1) -> dict[str, float]:
    """Return how fast endpoints get events that have piled up while no relay ran: so many
    deliveries in all."""
    bench.stop()
    bench.start("--no-relay")
    async with subscribed(bench, endpoints) as arrivals, bench.database() as conn:
        await pile_up(conn, BACKLOG // endpoints)
        began = time.monotonic()
        bench.spawn("relay")
        async with asyncio.timeout(120):
            while len(arrivals) < BACKLOG:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        took = arrivals[-1][0] - arrivals[0][0]
        result = {"per_s": BACKLOG / took, "from_start_s": time.monotonic() - began}
    bench.stop()
    bench.start()
    return result


async def pile_up(conn: asyncpg.Connection, count: int) -> None:
    size = 500
    for _ in range(count // size):
        await conn.fetch(
            "select from zerosum.post(1, $1, $2, $3, $4, $5, $6)",
            ["transfer"] * size,
            [None] * size,
            list(range(1, size + 1)),
            *([f"w{n % 400}" for n in range(size)], [f"w{500 + n % 400}" for n in range(size)]),
            ["1"] * size,
        )


async def settled(bench: Bench) -> None:
    """Wait until the database is idle: until the vacuum of what the load left has ended too."""
    await bench.checkpoint()
    vacuums = "select count(*) from pg_stat_activity where backend_type = 'autovacuum worker'"
    quiet = 0
    async with bench.database() as conn, asyncio.timeout(180):
        while quiet < 20:
            quiet = 0 if await conn.fetchval(vacuums) else quiet + 1
            await asyncio.sleep(0.5)


async def drained(bench: Bench) -> None:
    """Wait until the outbox is empty, so that one figure does not pay for another's events."""
    async with bench.database() as conn:
        await stamped(conn)


async def with_endpoint(bench: Bench) -> dict[str, float]:
    """Transfers while the relay runs and one endpoint is subscribed to everything."""
    async with subscribed(bench):
        return await bench.transfers(64, "uniform")
