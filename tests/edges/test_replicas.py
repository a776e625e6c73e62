"""Standbys answer reads: what they lack the primary answers, and no client sees less than it asked
for."""

from __future__ import annotations

import asyncio
import json
import random
import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from tests.support.command import run
from tests.support.process import ServerProcess
from tests.support.standby import Pair
from tests.support.until import until

pytestmark = pytest.mark.once

READS = re.compile(r'^zerosum_replica_reads_total\{replica="1"\} (\d+)', re.MULTILINE)
POSITION = re.compile(r"[0-9A-F]{1,8}/[0-9A-F]{1,8}")
LATEST = {"Zerosum-Position": "latest"}


@pytest.fixture(scope="module")
async def pair(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pair]:
    found = Pair(tmp_path_factory.mktemp("pair"))
    try:
        await found.open()
        yield found
    finally:
        found.close()


class Served:
    """A server over both, and a client of it."""

    def __init__(self, server: ServerProcess, client: httpx.AsyncClient) -> None:
        self.server, self.client = server, client

    async def credit(self, amount: int, headers: dict[str, str] | None = None) -> httpx.Response:
        body = {"wallet": "alice", "amount": amount}
        answer = await self.client.post("/v1/credits", json=body, headers=headers)
        assert answer.status_code == 201, answer.text
        return answer

    async def posted(self, headers: dict[str, str] | None = None) -> int:
        answer = await self.client.get("/v1/wallets/alice", headers=headers)
        assert answer.status_code == 200, answer.text
        found: int = answer.json()["posted"]
        return found

    async def reads(self) -> int:
        """How many queries the standby has answered."""
        found = READS.search((await self.client.get("/metrics")).text)
        return int(found[1]) if found else 0

    async def states(self) -> list[str]:
        answer = await self.client.get("/readyz")
        assert answer.status_code == 200
        return [one["state"] for one in answer.json()["replicas"]]


@pytest.fixture
async def served(pair: Pair, tmp_path: Path) -> AsyncIterator[Served]:
    server = ServerProcess(
        tmp_path,
        pair.primary.url,
        DATABASE_REPLICA_URL=pair.standby_url,
        ZEROSUM_REPLICA_LAG="3",
        ZEROSUM_ALLOW_UNSAFE="1",
        ZEROSUM_LOG_REQUESTS="0",
    )
    await server.start()
    async with server.client() as client:
        found = Served(server, client)
        await client.post("/v1/wallets", json={"id": "alice", "asset": "USD"}, headers=LATEST)
        await until(lambda: is_ok(found))
        yield found
    await server.end()


async def is_ok(served: Served) -> bool:
    return await served.states() == ["ok"]


async def test_a_standby_answers_reads(served: Served) -> None:
    written = await served.credit(5, LATEST)
    position = written.headers["Zerosum-Position"]
    assert POSITION.fullmatch(position)
    sees = {"Zerosum-Position": position}
    before, had = await served.reads(), await served.posted(LATEST)
    assert await served.reads() == before
    for path in (
        "/v1/wallets/alice",
        "/v1/wallets",
        "/v1/wallets/alice/entries",
        "/v1/transactions",
        "/v1/transactions?wallet=alice",
        f"/v1/transactions/{written.json()['id']}",
        "/v1/holds",
        "/v1/assets",
        "/v1/proof",
    ):
        reads = await served.reads()
        answer = await served.client.get(path, headers=sees)
        latest = await served.client.get(path, headers=LATEST)
        assert answer.status_code == latest.status_code == 200, path
        assert answer.content == latest.content, path
        assert await served.reads() > reads, path
    assert had == await served.posted(sees)
    # Who does not ask gets no position, which costs a query.
    assert "Zerosum-Position" not in (await served.credit(1)).headers


async def test_a_position_is_waited_for_or_the_primary_answers(served: Served, pair: Pair) -> None:
    had = await served.posted(LATEST)
    await pair.pause()
    try:
        written = await served.credit(7, LATEST)
        sees = {"Zerosum-Position": written.headers["Zerosum-Position"]}
        assert await served.posted() == had  # The standby has not got it yet.
        before = await served.reads()
        assert await served.posted(sees) == had + 7
        assert await served.reads() == before  # The primary, after a second.
        waiting = asyncio.create_task(served.posted(sees))
        await asyncio.sleep(0.2)
    finally:
        await pair.pause(False)
    assert await waiting == had + 7
    assert await served.reads() > before  # The standby, as soon as it was there.


@pytest.mark.slow
async def test_a_standby_that_lags_is_left_out(served: Served, pair: Pair) -> None:
    await pair.pause()
    try:
        had = await served.posted(LATEST)
        await served.credit(3)

        async def lags() -> bool:
            return await served.states() == ["lagging"]

        await until(lags)
        assert await served.posted() == had + 3
        (told,) = (await served.client.get("/readyz")).json()["replicas"]
        assert (told["replica"], told["lag_s"] > 3) == (1, True)
        assert (await served.client.get("/readyz")).status_code == 200
    finally:
        await pair.pause(False)
    await until(lambda: is_ok(served))


@pytest.mark.slow
async def test_a_standby_that_dies_fails_no_read(served: Served, pair: Pair) -> None:
    stop = asyncio.Event()
    statuses: list[int] = []

    async def read() -> None:
        while not stop.is_set():
            statuses.append((await served.client.get("/v1/wallets/alice")).status_code)

    readers = [asyncio.create_task(read()) for _ in range(4)]
    assert pair.standby is not None
    pair.standby.run("pg_ctl", "stop", "-D", pair.standby.data_dir, "-m", "immediate", "-w")

    async def is_away() -> bool:
        return await served.states() == ["away"]

    await until(is_away)
    pair.standby.ensure_started()
    await until(lambda: is_ok(served))
    reads = await served.reads()
    await served.posted()
    assert await served.reads() > reads
    stop.set()
    await asyncio.gather(*readers)
    assert set(statuses) == {200}
    assert len(statuses) > 20


class Unsteady:
    """A standby that stops, lags, loses its backends and is killed."""

    def __init__(self, pair: Pair, rng: random.Random) -> None:
        self.pair, self.rng = pair, rng

    async def run(self, until_s: float) -> None:
        while asyncio.get_running_loop().time() < until_s:
            await self.rng.choice([self.stop, self.lag, self.cut, self.kill])()
            await asyncio.sleep(self.rng.uniform(0, 0.5))

    async def stop(self) -> None:
        self.pair.signal(signal.SIGSTOP)
        await asyncio.sleep(self.rng.uniform(0.1, 1))
        self.pair.signal(signal.SIGCONT)

    async def lag(self) -> None:
        await self.pair.pause()
        await asyncio.sleep(self.rng.uniform(0.1, 1))
        await self.pair.pause(False)

    async def cut(self) -> None:
        conn = await asyncpg.connect(self.pair.standby_url)
        await conn.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where backend_type = 'client backend' and pid <> pg_backend_pid()"
        )
        await conn.close()

    async def kill(self) -> None:
        standby = self.pair.standby
        assert standby is not None
        stop = ("pg_ctl", "stop", "-D", standby.data_dir, "-m", "immediate", "-w")
        await asyncio.to_thread(standby.run, *stop)
        await asyncio.sleep(self.rng.uniform(0, 0.5))
        await asyncio.to_thread(standby.ensure_started)


async def write_and_read(server: ServerProcess, wallet: str, until_s: float) -> int:
    """Credit the wallet, and see that in each list at once. Returns how often."""
    total = 0
    async with server.client() as http:
        await http.post("/v1/wallets", json={"id": wallet, "asset": "USD"}, headers=LATEST)
        while asyncio.get_running_loop().time() < until_s:
            body = {"wallet": wallet, "amount": 1}
            written = await http.post("/v1/credits", json=body, headers=LATEST)
            assert written.status_code == 201, written.text
            total += 1
            told = {"Zerosum-Position": written.headers["Zerosum-Position"]}
            found = []
            for path in (f"wallets/{wallet}", f"wallets/{wallet}/entries", "transactions"):
                answer = await http.get(f"/v1/{path}", headers=told)
                assert answer.status_code == 200, answer.text
                found.append(answer.json())
            assert found[0]["posted"] == found[1]["data"][0]["balance"] == total
            assert written.json()["id"] in {one["id"] for one in found[2]["data"]}
    return total


@pytest.mark.slow
async def test_whatever_a_standby_does_each_client_sees_what_it_was_told(
    served: Served, pair: Pair
) -> None:
    before, end = await served.reads(), asyncio.get_running_loop().time() + 15
    clients = [write_and_read(served.server, f"w{n}", end) for n in range(6)]
    *seen, _ = await asyncio.gather(*clients, Unsteady(pair, random.Random(5)).run(end))
    assert sum(int(one or 0) for one in seen) > 200
    assert await served.reads() > before + 200
    await until(lambda: is_ok(served))


@pytest.mark.slow
async def test_the_console_shows_what_a_form_has_done(served: Served, pair: Pair) -> None:
    """Its pages are the primary's."""
    await pair.pause()
    try:
        async with httpx.AsyncClient(base_url=served.server.base, follow_redirects=True) as person:
            key = served.server.environ["ZEROSUM_API_KEY"]
            await person.post("/console/sign-in", data={"key": key})
            written = (await served.credit(11)).json()["id"]
            assert f"#{written}" in (await person.get("/console/transactions")).text
    finally:
        await pair.pause(False)


@pytest.mark.parametrize("given", ["1", "x", "LATEST", "0/", "123456789/0", "0/0,0/0"])
async def test_what_is_no_position_is_refused(served: Served, given: str) -> None:
    """Before money moves."""
    had = await served.posted(LATEST)
    headers = {"Zerosum-Position": given}
    for answer in (
        await served.client.get("/v1/wallets", headers=headers),
        await served.client.post(
            "/v1/credits", json={"wallet": "alice", "amount": 1}, headers=headers
        ),
    ):
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_parameter")
    assert await served.posted(LATEST) == had


@pytest.mark.slow
async def test_commands_read_from_a_standby(served: Served, pair: Pair) -> None:
    written = await served.credit(2, LATEST)
    sees = {"Zerosum-Position": written.headers["Zerosum-Position"]}
    await served.posted(sees)
    settings: dict[str, Any] = {"DATABASE_REPLICA_URL": pair.standby_url}
    code, out, err = await run("postgresql://nowhere.invalid/x", "verify", "--replica", **settings)
    assert (code, err) == (0, "")
    assert "ledger main: all is well" in out
    code, out, _ = await run(pair.primary.url, "export", "--replica", **settings)
    assert code == 0
    assert json.loads(out.splitlines()[0])["ledger"] == "main"
    code, _, err = await run(pair.primary.url, "verify", "--replica")
    assert (code, "DATABASE_REPLICA_URL" in err) == (2, True)


@pytest.mark.slow
async def test_doctor_looks_at_standbys(served: Served, pair: Pair) -> None:
    urls = f"{pair.standby_url} postgresql://postgres@127.0.0.1:1/x"
    _, out, _ = await run(pair.primary.url, "doctor", DATABASE_REPLICA_URL=urls)
    assert re.search(r"ok +The standby 1 answers, \d+ bytes of log behind\.", out)
    assert re.search(r"warn +The standby 2 does not answer", out)


@pytest.mark.slow
async def test_a_promoted_standby_is_no_standby(served: Served, pair: Pair) -> None:
    """What it says is another history from then on. (The last test: it does not go back.)"""
    pair.promote()

    async def is_promoted() -> bool:
        return await served.states() == ["promoted"]

    await until(is_promoted)
    reads, had = await served.reads(), await served.posted(LATEST)
    await served.credit(4)
    assert await served.posted() == had + 4
    assert await served.reads() == reads
