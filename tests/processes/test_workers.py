"""Several server processes on one socket."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.ledger import verify
from tests.support.process import ServerProcess
from tests.support.until import until

WORKERS = 3


def free_ports(count: int) -> int:
    """Return the first of so many adjacent free ports."""
    while True:
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            first = stack.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1]
            for port in range(first + 1, first + count):
                stack.enter_context(socket.create_server(("127.0.0.1", port)))
            return int(first)


@pytest.fixture
def workers(server: ServerProcess) -> Iterator[ServerProcess]:
    server.environ["WEB_CONCURRENCY"] = str(WORKERS)
    server.environ["ZEROSUM_METRICS_PORT"] = str(free_ports(WORKERS))
    yield server
    # Whatever a failed test left of the process group.
    if server.process is not None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.process.pid, signal.SIGKILL)


def pids(server: ServerProcess) -> list[int]:
    assert server.process is not None
    return server.children(server.process.pid)


async def all_there(server: ServerProcess, but: int | None = None) -> list[int]:
    """Return the workers' processes once there are as many as there should be and each answers."""
    first = int(server.environ["ZEROSUM_METRICS_PORT"])
    async with asyncio.timeout(30), httpx.AsyncClient() as http:
        while True:
            found = pids(server)
            with contextlib.suppress(httpx.TransportError):
                for port in range(first, first + WORKERS):
                    await http.get(f"http://127.0.0.1:{port}/healthz")
                if len(found) == WORKERS and but not in found:
                    return found
            await asyncio.sleep(0.05)


async def transfers(server: ServerProcess, count: int, key: str) -> list[Any]:
    """Send transfers, each over a connection of its own, so that the workers share them."""

    async def one(number: int) -> Any:
        asked = {"source": "alice", "destination": "bob", "amount": 1}
        for _ in range(20):
            async with server.client() as client:
                headers = {"Idempotency-Key": key.format(number)}
                # A killed worker cuts its connections; the key makes it safe to ask again.
                with contextlib.suppress(httpx.TransportError):
                    return (await client.post("/v1/transfers", json=asked, headers=headers)).json()
        raise AssertionError

    return await asyncio.gather(*(one(number) for number in range(count)))


async def people(server: ServerProcess) -> None:
    async with server.client() as client:
        for name in ("alice", "bob"):
            made = await client.post("/v1/wallets", json={"id": name, "asset": "USD"})
            assert made.status_code == 201
        funded = await client.post("/v1/credits", json={"wallet": "alice", "amount": 1000})
        assert funded.status_code == 201


async def served(server: ServerProcess) -> list[float]:
    """Return how many requests each worker has answered, by its own metrics."""
    first, found = int(server.environ["ZEROSUM_METRICS_PORT"]), []
    async with httpx.AsyncClient() as http:
        for port in range(first, first + WORKERS):
            told = (await http.get(f"http://127.0.0.1:{port}/metrics")).text
            counts = re.findall(r"^zerosum_http_requests_total\{.*\} (\S+)$", told, re.MULTILINE)
            found.append(sum(float(count) for count in counts))
    return found


async def shared(server: ServerProcess) -> bool:
    """Whether each worker has answered some of the requests until now, after 30 more: the kernel
    gives a connection to whichever worker is quick, and a busy machine may make one wait."""

    async def read() -> None:
        async with server.client() as client:
            assert (await client.get("/v1/wallets/bob")).status_code == 200

    await asyncio.gather(*(read() for _ in range(30)))
    return all(await served(server))


@pytest.mark.slow
async def test_they_share_one_socket_and_one_ledger(workers: ServerProcess) -> None:
    await workers.start()
    await all_there(workers)
    await people(workers)
    made = await transfers(workers, 90, "key-{}")
    assert len({one["id"] for one in made}) == 90
    await until(lambda: shared(workers))
    # One key, sent to all of them at once, moves money once.
    again = await transfers(workers, 30, "same")
    assert len({json.dumps(one, sort_keys=True) for one in again}) == 1
    conn = await workers.connect()
    assert await conn.fetchval("select posted from ledger.wallets where id = 'bob'") == 91
    holders = "select count(distinct holder) from ledger.feeds where holder is not null"
    assert await conn.fetchval(holders) == 1
    assert await verify(conn) == []
    await conn.close()
    # A signal to the parent alone ends all of them.
    assert workers.process is not None
    left = pids(workers)
    workers.process.send_signal(signal.SIGTERM)
    out = await workers.end()
    assert workers.process.returncode == 0
    assert out.count("Zerosum listens on") == 1
    assert not any(alive(pid) for pid in left)
    assert workers.postmaster() is None


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.slow
async def test_one_that_is_killed_is_started_again(workers: ServerProcess) -> None:
    await workers.start()
    before = await all_there(workers)
    await people(workers)
    asked = asyncio.create_task(transfers(workers, 60, "key-{}"))
    await asyncio.sleep(0.05)
    os.kill(before[0], signal.SIGKILL)  # The worker that has the relay.
    assert len({one["id"] for one in await asked}) == 60
    after = await all_there(workers, but=before[0])
    assert set(before[1:]) < set(after)
    conn = await workers.connect()
    assert await verify(conn) == []
    await conn.close()
    out = await workers.end()
    assert "worker 1 ended with code -9 and is started again" in out


@pytest.mark.slow
async def test_none_outlives_the_parent(workers: ServerProcess) -> None:
    await workers.start()
    left = await all_there(workers)
    assert workers.process is not None
    workers.process.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 20
    while any(alive(pid) for pid in left):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


@pytest.mark.slow
@pytest.mark.parametrize("after_s", [0.3, 0.8, 1.6])
async def test_a_signal_while_they_start_ends_all(workers: ServerProcess, after_s: float) -> None:
    starting = asyncio.create_task(workers.start())
    await asyncio.sleep(after_s)
    assert workers.process is not None
    parent = workers.process
    left = pids(workers)  # Before the signal: one that comes early ends the parent at once.
    parent.send_signal(signal.SIGTERM)
    async with asyncio.timeout(30):
        await parent.wait()
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
    assert not any(alive(pid) for pid in left)


@pytest.mark.slow
@pytest.mark.parametrize("value", ["0", "many", "65", "-1", "1.5"])
async def test_a_number_that_is_none_is_one_sentence(server: ServerProcess, value: str) -> None:
    server.environ["WEB_CONCURRENCY"] = value
    with pytest.raises(AssertionError, match="WEB_CONCURRENCY must be a whole number from 1 to 64"):
        await server.start()


async def test_what_stops_the_first_stops_all(workers: ServerProcess) -> None:
    workers.environ["DATABASE_URL"] = "postgresql://nobody@127.0.0.1:1/none"
    with pytest.raises(AssertionError) as caught:
        await workers.start()
    assert str(caught.value).count("can't connect to DATABASE_URL") == 1
    assert "Traceback" not in str(caught.value)
    assert workers.process is not None
    assert workers.process.returncode != 0
