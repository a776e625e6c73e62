"""Postgres restarts under webhooks: every event arrives, and the process goes on by itself."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from app.host.embedded import EmbeddedPostgres, start_embedded
from tests.support.process import ServerProcess
from tests.support.receiver import Receiver
from tests.support.until import until

pytestmark = [pytest.mark.slow, pytest.mark.once]


@pytest.fixture
async def own(tmp_path: Path) -> AsyncIterator[EmbeddedPostgres]:
    """A Postgres of this test's own."""
    postgres = await asyncio.to_thread(start_own, tmp_path)
    yield postgres
    await asyncio.to_thread(postgres.stop)


def start_own(room: Path) -> EmbeddedPostgres:
    room.chmod(0o755)  # Its user must pass.
    return start_embedded(room / "own")


def restart(postgres: EmbeddedPostgres, how: str) -> None:
    """how: killed, or a mode of pg_ctl."""
    if how == "killed":
        os.kill(int((postgres.data_dir / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    else:
        postgres.run("pg_ctl", "stop", "-D", postgres.data_dir, "-m", how, "-w")
    postgres.ensure_started()


async def test_no_event_is_lost_when_postgres_restarts(
    own: EmbeddedPostgres, tmp_path: Path
) -> None:
    server = ServerProcess(tmp_path, own.url, ZEROSUM_LOG_REQUESTS="off")
    await server.start()
    stopped = asyncio.Event()
    taken: list[int] = []

    async def pay(client: httpx.AsyncClient) -> None:
        """Credits, each sent until it is taken, as a client does."""
        for number in itertools.count():
            if stopped.is_set():
                return
            key = {"Idempotency-Key": str(number)}
            body = {"wallet": "alice", "amount": 1}
            while True:
                answer = await client.post("/v1/credits", json=body, headers=key)
                if answer.status_code == 201:
                    break
                assert answer.status_code == 503, answer.text
                await asyncio.sleep(0.02)
            taken.append(answer.json()["id"])

    async with Receiver() as receiver, server.client() as client:
        made = {"id": "alice", "asset": "USD"}
        assert (await client.post("/v1/wallets", json=made)).status_code == 201
        hook = {"url": receiver.url, "types": ["transaction.*"]}
        assert (await client.post("/v1/webhooks", json=hook)).status_code == 201
        paying = asyncio.create_task(pay(client))
        for how in ("fast", "immediate", "killed", "killed"):
            before = len(receiver.got)

            async def go_on() -> bool:
                return len(receiver.got) > before + 50 or paying.done()  # noqa: B023

            await until(go_on)
            await asyncio.to_thread(restart, own, how)
        await asyncio.sleep(1)
        stopped.set()
        await paying

        async def are_all_there() -> bool:
            return {one.event["data"]["id"] for one in receiver.got} == set(taken)

        await until(are_all_there)
        proof = (await client.get("/v1/proof")).json()
        assert proof["log"]["size"] == len(taken)
    told = await server.end()
    assert "Traceback" not in told
