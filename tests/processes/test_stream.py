"""Clients that stream the feed from a real server: nothing is lost and nothing comes twice."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from tests.support.process import ServerProcess
from tests.support.proxy import Proxy
from tests.support.sse import stream
from tests.support.until import until

CREDIT = {"wallet": "alice", "amount": 1}


async def test_events_come_as_they_happen_with_the_bytes_of_the_feed(
    started: ServerProcess,
) -> None:
    async with started.client() as client, stream(client) as one:
        body = '{"wallet":"alice","amount":1,"metadata":{\n"a": "\u2028",\r\n"b": 1.10}}'
        headers = {"Content-Type": "application/json"}
        assert (await client.post("/v1/credits", content=body, headers=headers)).status_code == 201
        async with asyncio.timeout(10):
            (event,) = await one.take(1)
        assert (await client.get("/v1/events")).json()["data"] == [event]
        assert one.last_id == "1"
        assert one.answer.headers["x-accel-buffering"] == "no"
        async with stream(client, **{"Zerosum-Amounts": "string"}) as quoted:
            (event,) = await quoted.take(1)
        assert event["data"]["postings"][0]["amount"] == "1"


@pytest.mark.slow
async def test_a_client_that_comes_back_goes_on(started: ServerProcess) -> None:
    """The server is killed twice while events are written. The client sends its last id."""
    found: list[Any] = []

    async def kill() -> None:
        for count in (40, 90):
            await until(lambda: reached(found, count))  # noqa: B023
            await started.end(signal.SIGKILL)
            await started.start()

    async with asyncio.timeout(90):
        await asyncio.gather(write(started, 150), read(started, 150, found), kill())
    assert [event["seq"] for event in found] == list(range(1, 151))


async def reached(found: list[Any], count: int) -> bool:
    return len(found) >= count


async def write(server: ServerProcess, count: int) -> None:
    """Credit so many times, each until the server has answered."""
    async with server.client() as client:
        for n in range(count):
            answered = False
            while not answered:
                with contextlib.suppress(httpx.HTTPError):
                    headers = {"Idempotency-Key": str(n)}
                    answer = await client.post("/v1/credits", json=CREDIT, headers=headers)
                    answered = answer.status_code == 201
                await asyncio.sleep(0.01)


async def read(server: ServerProcess, count: int, found: list[Any]) -> None:
    """Stream so many events, from the last id on after each break."""
    last_id = ""
    while len(found) < count:
        with contextlib.suppress(httpx.HTTPError):
            async with server.client() as client, stream(client, last_id=last_id) as one:
                try:
                    async for event in one.events():
                        found.append(event)
                        if len(found) == count:
                            break
                finally:
                    last_id = one.last_id
        await asyncio.sleep(0.05)


async def test_a_stream_outlives_an_outage_of_the_database(
    tmp_path: Path, database_url: str
) -> None:
    async with Proxy(tmp_path, database_url) as proxy:
        room = tmp_path / "server"
        room.mkdir()
        server = ServerProcess(room, proxy.url)
        await server.start()
        async with server.client() as client, stream(client) as one:
            made = await client.post("/v1/wallets", json={"id": "alice", "asset": "USD"})
            assert made.status_code == 201
            await write(server, 1)
            assert len(await one.take(1)) == 1
            proxy.refusal = "57P03"
            for link in proxy.links:
                link.cut()
            await until(lambda: is_ready(client, 503))
            proxy.release()
            await until(lambda: is_ready(client, 200))
            await write(server, 2)
            async with asyncio.timeout(20):
                (event,) = await one.take(1)
        assert event["seq"] == 2
        said = await server.end()
        assert "Traceback" not in said


async def is_ready(client: httpx.AsyncClient, status: int) -> bool:
    return (await client.get("/readyz")).status_code == status


async def test_the_position_passes_over_other_types(started: ServerProcess) -> None:
    async with started.client() as client:
        await write(started, 3)
        async with stream(client, "?types=hold.*") as one:
            taking = asyncio.create_task(one.take(1))
            await until(lambda: at(one, "3"))
            body = {"source": "alice", "destination": "alice2", "amount": 1}
            await client.post("/v1/wallets", json={"id": "alice2", "asset": "USD"})
            assert (await client.post("/v1/holds", json=body)).status_code == 201
            async with asyncio.timeout(10):
                (event,) = await taking
        assert (event["type"], one.last_id) == ("hold.placed", str(event["seq"]))


async def at(one: Any, last_id: str) -> bool:
    return bool(one.last_id == last_id)


async def test_sigterm_ends_streams_and_so_does_head(started: ServerProcess) -> None:
    async with started.client() as client:
        head = await client.head("/v1/events/stream")
        assert (head.status_code, head.content) == (200, b"")
        async with stream(client) as one:
            reading = asyncio.create_task(one.take(1))
            await until(lambda: opened(one))
            async with asyncio.timeout(15):
                said = await started.end()
                assert await reading == []
    assert "Traceback" not in said


async def opened(one: Any) -> bool:
    return bool(one.comments)


@pytest.mark.parametrize("last_id", ["x", "-1", "9" * 20, "9" * 19, "1.5"])
async def test_what_is_no_id_is_refused(started: ServerProcess, last_id: str) -> None:
    async with started.client() as client:
        answer = await client.get("/v1/events/stream", headers={"Last-Event-ID": last_id})
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_parameter")


async def test_who_leaves_is_forgotten(started: ServerProcess) -> None:
    """Streams that clients break off hold nothing; the gauge says how many there are."""

    async def count(client: httpx.AsyncClient) -> float:
        for line in (await client.get("/metrics")).text.splitlines():
            if line.startswith("zerosum_event_streams "):
                return float(line.split()[1])
        raise AssertionError("no gauge")

    async with started.client() as client:

        async def is_count(wanted: int) -> bool:
            return await count(client) == wanted

        async with stream(client), stream(client), stream(client):
            await until(lambda: is_count(3))
        await until(lambda: is_count(0))


@pytest.mark.slow
async def test_a_heartbeat_comes_and_a_revoked_key_ends_the_stream(
    started: ServerProcess, db: asyncpg.Connection
) -> None:
    async with started.client() as client:
        key = (await client.post("/v1/keys", json={"scope": "read"})).json()
        bearer = {"Authorization": f"Bearer {key['key']}"}
        async with stream(client, **bearer) as one, stream(client) as other:
            reading = asyncio.create_task(one.take(1))
            beating = asyncio.create_task(other.take(1))
            await until(lambda: opened(one))
            assert (await client.delete(f"/v1/keys/{key['id']}")).status_code in {200, 204}
            async with asyncio.timeout(30):
                assert await reading == []
            assert one.comments == 1
            await until(lambda: beaten(other))
            beating.cancel()


async def beaten(one: Any) -> bool:
    return bool(one.comments > 1)
