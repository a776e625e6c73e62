"""An HTTP load generator that costs little beside what it measures: raw sockets, prepared bytes,
keep-alive.

It runs as a process of its own: `python -m bench.load URL KEY[,KEY…] CONNECTIONS SECONDS SHAPE`. It
prints one JSON object.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import re
import statistics
import sys
import time
from functools import partial
from typing import cast
from urllib.parse import urlsplit

import uvloop

WALLETS = 1000
BATCH = 100  # transactions a request, of the shape `batch`
PER_REQUEST = {"batch": BATCH, "holds": 0.5}  # a hold takes two
HOLD = re.compile(rb'{"id":(\d+),"kind":"hold"')


class Requests:
    """Requests without end, each under a key of its own.

    shape: `uniform` over the wallets; `ordered`: the same, with keys that rise with time; `hot`:
    one wallet is the source of every transfer; `world`:
    credits from @world; `batch`: many transactions a request; `holds`: holds, each of which its
    client then captures.
    """

    def __init__(self, base: str, key: str, shape: str) -> None:
        paths = {"world": "credits", "batch": "transactions/batch", "holds": "holds"}
        self.shape, self.path = shape, paths.get(shape, "transfers")
        self.keys = (f"{self.prefix():012x}-{number}" for number in itertools.count())
        self.head = (
            f"Host: {urlsplit(base).netloc}\r\nAuthorization: Bearer {key}\r\n"
            "Content-Type: application/json\r\n"
        )

    def prefix(self) -> int:
        """Return 48 random bits, as of a UUID, or the milliseconds since 1970, as of a UUIDv7."""
        return int(time.time() * 1000) if self.shape == "ordered" else random.getrandbits(48)

    def post(self, path: str, body: str) -> bytes:
        return (
            f"POST /v1/{path} HTTP/1.1\r\n{self.head}Idempotency-Key: {next(self.keys)}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode()

    def next(self) -> bytes:
        if self.shape == "batch":
            return self.post(self.path, batch())
        source, destination = random.sample(range(WALLETS), 2)
        name = "hot" if self.shape == "hot" else f"w{source}"
        ends = f'"source":"{name}","destination":"w{destination}"'
        if self.shape == "world":
            ends = f'"wallet":"w{destination}"'
        return self.post(self.path, f'{{{ends},"amount":{random.randrange(1, 1000)}}}')

    def capture(self, hold: str) -> bytes:
        return self.post(f"holds/{hold}/capture", "{}")


def batch() -> str:
    pairs = [random.sample(range(WALLETS), 2) for _ in range(BATCH)]
    items = [
        f'{{"postings":[{{"source":"w{s}","destination":"w{d}","amount":1}}]}}' for s, d in pairs
    ]
    return f'{{"transactions":[{",".join(items)}]}}'


class Client(asyncio.Protocol):
    """One connection: it sends the next request when the answer to the last one is whole."""

    def __init__(self, requests: Requests, latencies: list[float], refused: list[str]) -> None:
        self.requests, self.latencies, self.refused = requests, latencies, refused
        self.buffer = b""
        self.stopped = False
        self.captured: re.Match[bytes] | None = None  # the hold that is to be

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.send()

    def send(self) -> None:
        self.began = time.perf_counter()
        hold, requests = self.captured, self.requests
        self.transport.write(requests.capture(hold[1].decode()) if hold else requests.next())

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self.buffer[:end].lower()
        length = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
        if len(self.buffer) < end + 4 + length:
            return
        if head[9:12] in {b"201", b"200"} and b'"error":{' not in self.buffer:
            self.latencies.append(time.perf_counter() - self.began)
        else:
            self.refused.append(self.buffer.decode())
        self.captured = HOLD.search(self.buffer)
        self.buffer = b""
        if not self.stopped:
            self.send()


async def load(
    base: str, key: str, connections: int, seconds: float, shape: str
) -> dict[str, float]:
    # Keys of several ledgers, separated by commas: the connections take turns.
    requests = [Requests(base, one, shape) for one in key.split(",")]
    latencies: list[float] = []
    refused: list[str] = []
    loop = asyncio.get_running_loop()
    parts = urlsplit(base)
    assert parts.hostname is not None
    assert parts.port is not None
    began = time.perf_counter()
    clients = []
    for n in range(connections):
        protocol = partial(Client, requests[n % len(requests)], latencies, refused)
        _, client = await loop.create_connection(protocol, parts.hostname, parts.port)
        clients.append(client)
    await asyncio.sleep(seconds)
    took, count = time.perf_counter() - began, len(latencies)
    for client in clients:
        client.stopped = True
    await asyncio.sleep(0.2)
    if refused:
        raise SystemExit(f"{len(refused)} requests were refused, such as {refused[0]}")
    cuts = statistics.quantiles(latencies, n=100)
    return {
        "per_s": count * PER_REQUEST.get(shape, 1) / took,
        "p50_ms": cuts[49] * 1000,
        "p99_ms": cuts[98] * 1000,
    }


def main() -> None:
    base, key, connections, seconds, shape = sys.argv[1:]
    with asyncio.Runner(loop_factory=uvloop.Loop) as runner:
        print(json.dumps(runner.run(load(base, key, int(connections), float(seconds), shape))))


if __name__ == "__main__":
    main()
