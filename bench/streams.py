"""The feed as server-sent events, to many clients at once."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

from bench.delivery import all_latencies, drained, pay
from bench.harness import KEY, Bench

CLIENTS, MEASURED = 100, 5


class Reader(asyncio.Protocol):
    """A client of the stream. Those that are not measured only read: a hundred that parse would be
    the load that is measured."""

    def __init__(self, after: int, arrivals: list[tuple[float, bytes]] | None) -> None:
        self.after, self.arrivals = after, arrivals
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        request = f"GET /v1/events/stream?after={self.after} HTTP/1.1\r\nHost: bench\r\n"
        request += f"Authorization: Bearer {KEY}\r\n\r\n"
        transport.write(request.encode())  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        if self.arrivals is None:
            return
        now = time.time()
        *lines, self.buffer = (self.buffer + data).split(b"\n")
        self.arrivals += [
            (now, line.removeprefix(b"data: ").rstrip()) for line in lines if line[:6] == b"data: "
        ]


@contextlib.asynccontextmanager
async def streaming(bench: Bench) -> AsyncIterator[list[tuple[float, bytes]]]:
    """Clients that stream from now on, for as long as the block runs; yields what some of them
    get."""
    arrivals: list[tuple[float, bytes]] = []
    loop = asyncio.get_running_loop()
    opened = []
    await drained(bench)
    async with bench.database() as conn:
        end = await conn.fetchval("select last_seq from ledger.feeds where ledger_id = 1")
    for n in range(CLIENTS):
        reader = Reader(end, arrivals if n < MEASURED else None)
        opened.append(await loop.create_connection(lambda r=reader: r, "127.0.0.1", bench.port))  # type: ignore[misc]
    await asyncio.sleep(0.5)
    try:
        yield arrivals
    finally:
        for transport, _ in opened:
            transport.abort()


async def paced(bench: Bench, per_s: float, seconds: float) -> dict[str, float]:
    """Send transfers at this rate; return the latencies of their events at the clients."""
    async with streaming(bench) as arrivals:
        count = await pay(bench, per_s, seconds)
        return await all_latencies(arrivals, count * MEASURED)
