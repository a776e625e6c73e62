"""A thousand writers, two servers over one database, of which the relay's leader is killed: streams
and long polls at the other lose nothing and repeat nothing."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import httpx
import pytest

from tests.support.api import KEY
from tests.support.process import ServerProcess
from tests.support.sse import stream
from tests.support.until import until

WRITERS, EACH = 1000, 3
ALL = WRITERS * EACH


@pytest.fixture
async def servers(tmp_path: Path, database_url: str) -> AsyncIterator[list[ServerProcess]]:
    made = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        # A log that nobody reads fills its pipe, and then stops the server.
        made.append(ServerProcess(tmp_path / name, database_url, ZEROSUM_LOG_REQUESTS="off"))
        await made[-1].start()
    yield made
    for server in made:
        if server.process is not None and server.process.returncode is None:
            await server.end()


class Writers:
    """A thousand clients with a connection each. posted: how many answers were 201."""

    def __init__(self, servers: list[ServerProcess], key: str) -> None:
        self.servers, self.headers = servers, {"Authorization": f"Bearer {key}"}
        self.posted = 0

    async def run(self) -> None:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector, headers=self.headers) as session:
            await asyncio.gather(*(self.write(n, session) for n in range(WRITERS)))

    async def write(self, n: int, session: aiohttp.ClientSession) -> None:
        """Post to either server, and to the other one again, by key, where the answer was lost."""
        for i in range(EACH):
            turn = n + i
            while not await self.post(session, self.servers[turn % 2], f"{n}-{i}"):
                await asyncio.sleep(0.1)
                turn += 1
            self.posted += 1

    async def post(self, session: aiohttp.ClientSession, server: ServerProcess, key: str) -> bool:
        body, headers = {"wallet": "alice", "amount": 1}, {"Idempotency-Key": key}
        try:
            async with session.post(
                f"{server.base}/v1/credits", json=body, headers=headers
            ) as told:
                assert told.status in {201, 429, 503}, await told.text()
                return told.status == 201
        except aiohttp.ClientError:
            return False


async def streamed(server: ServerProcess) -> list[int]:
    """The seqs of all events, in the order in which a stream brings them."""
    found: list[int] = []
    last_id = ""
    async with server.client() as client:
        while len(found) < ALL:
            with contextlib.suppress(httpx.HTTPError):
                async with stream(client, last_id=last_id) as one:
                    found += [event["seq"] for event in await one.take(ALL - len(found))]
                    last_id = one.last_id
    return found


async def polled(server: ServerProcess) -> list[int]:
    """The seqs of all events, page after page."""
    found: list[int] = []
    after = 0
    async with server.client() as client:
        while len(found) < ALL:
            answer = await client.get(f"/v1/events?after={after}&limit=100&wait=5")
            if answer.status_code == 200:
                found += [event["seq"] for event in answer.json()["data"]]
                after = answer.json()["read_to"]
    return found


@pytest.mark.slow
async def test_nothing_is_lost_and_nothing_repeats(servers: list[ServerProcess]) -> None:
    leader, other = servers
    async with other.client() as client:
        made = await client.post("/v1/wallets", json={"id": "alice", "asset": "USD"})
        assert made.status_code == 201
    writers = Writers(servers, KEY)

    async def kill_the_leader() -> None:
        async def are_some_posted() -> bool:
            return writers.posted >= ALL // 4

        await until(are_some_posted)
        await leader.end(signal.SIGKILL)

    async with asyncio.timeout(120):
        by_stream, by_poll, _, _ = await asyncio.gather(
            streamed(other), polled(other), kill_the_leader(), writers.run()
        )
    assert by_stream == by_poll == list(range(1, ALL + 1))
