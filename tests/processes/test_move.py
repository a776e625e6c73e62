"""All ledgers move to another Postgres while money moves, with seconds of read-only."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import httpx
import pytest

from app.database.connections import connect
from app.host.embedded import EmbeddedPostgres, start_embedded
from app.host.migrate import migrate
from tests.support.command import run
from tests.support.ledger import fund, verify, wallets
from tests.support.process import ServerProcess
from tests.support.receiver import Receiver
from tests.support.rooms import let_in
from tests.support.until import until

pytestmark = [pytest.mark.once, pytest.mark.slow]


@pytest.fixture
async def two(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[list[EmbeddedPostgres]]:
    """A source that replicates logically, and a target that is empty."""
    room = tmp_path_factory.mktemp("two")
    let_in(room)
    servers = [start_embedded(room / name) for name in ("source", "target")]
    conn = await connect(servers[0].url)
    await conn.execute("alter system set wal_level = 'logical'")
    await conn.close()
    restart(servers[0])
    yield servers
    for server in servers:
        server.stop()


def restart(server: EmbeddedPostgres) -> None:
    server.run("pg_ctl", "stop", "-D", server.data_dir, "-m", "fast", "-w")
    server.ensure_started()


async def begun(source: EmbeddedPostgres) -> asyncpg.Connection:
    """Return a connection to a ledger with a transaction."""
    conn = await connect(source.url)
    await migrate(conn)
    await conn.execute("select zerosum.create_ledger('main')")
    await wallets(conn, ("alice",))
    await fund(conn, "alice", 5)
    return conn


async def move(two: list[EmbeddedPostgres], step: str, *more: str) -> tuple[int | None, str]:
    source, target = two
    code, out, err = await run(source.url, "move", step, target.url, *more)
    return code, out + err


async def test_ledgers_move_under_load(
    two: list[EmbeddedPostgres], tmp_path: Path, receiver: Receiver
) -> None:
    source, target = two
    settings = {"ZEROSUM_WEBHOOK_ALLOW": "127.0.0.0/8", "ZEROSUM_ALLOW_UNSAFE": "1"}
    server = ServerProcess(tmp_path, source.url, **settings)
    await server.start()
    posted: list[int] = []
    stop = asyncio.Event()

    async with server.client() as client:
        for name in ("alice", "bob"):
            await client.post("/v1/wallets", json={"id": name, "asset": "USD"})
        await client.post("/v1/credits", json={"wallet": "alice", "amount": 10**6})
        await client.post("/v1/webhooks", json={"url": receiver.url})
        await client.post("/v1/holds", json={"source": "alice", "destination": "bob", "amount": 5})

        async def pay(n: int) -> None:
            number = 0
            while not stop.is_set():
                number += 1
                body = {"source": "alice", "destination": "bob", "amount": 1}
                try:
                    answer = await client.post(
                        "/v1/transfers", json=body, headers={"Idempotency-Key": f"{n}-{number}"}
                    )
                except httpx.TransportError:
                    return
                if answer.status_code == 201:
                    posted.append(answer.json()["id"])
                else:
                    assert answer.status_code == 503, answer.text
                    await asyncio.sleep(0.05)

        payers = [asyncio.create_task(pay(n)) for n in range(8)]
        code, said = await move(two, "check")
        assert (code, said) == (0, "Nothing stops a move: zerosum move start\n")
        code, said = await move(two, "start")
        assert code == 0, said
        assert re.match(r"(\d+) of \1 tables; it follows, \d+ bytes behind", said), said
        before = len(posted)
        await until(lambda: grown(posted, before + 200))
        began = time.monotonic()
        code, said = await move(two, "finish", "--json")
        assert code == 0, said
        told = json.loads(said)
        assert told["seconds"] < 10
        assert [line.partition(":")[0] for line in told["ledgers"]] == ["ledger main"]
        assert time.monotonic() - began < 30
        stop.set()
        await asyncio.gather(*payers)
    await server.end()
    # The source takes no writes any more, and all that was acknowledged is on the target.
    old = await asyncpg.connect(source.url)
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        await old.execute("select zerosum.credit(1, 'alice', 1)")
    await old.close()
    new = await connect(target.url)
    ids = {row["id"] for row in await new.fetch("select id from ledger.transactions")}
    assert set(posted) <= ids
    assert await verify(new) == []
    moved = ServerProcess(tmp_path, target.url, **settings)
    await moved.start()
    async with moved.client() as client:
        answer = await client.post("/v1/credits", json={"wallet": "bob", "amount": 7})
        assert answer.status_code == 201
        assert answer.json()["id"] > max(ids)
        again = await client.post(
            "/v1/transfers",
            json={"source": "alice", "destination": "bob", "amount": 1},
            headers={"Idempotency-Key": "0-1"},
        )
        assert again.headers["Idempotency-Replayed"] == "true"

    async def arrived() -> bool:
        got = {one.event["data"]["id"] for one in receiver.got if "id" in one.event["data"]}
        return set(posted) <= got and answer.json()["id"] in got

    await until(arrived)
    assert await verify(new) == []
    assert (await run(target.url, "verify"))[0] == 0
    await new.close()
    await moved.end()


async def grown(found: list[int], count: int) -> bool:
    return len(found) >= count


async def test_a_move_is_given_up_and_begun_again(two: list[EmbeddedPostgres]) -> None:
    source, target = two
    conn = await begun(source)
    assert (await move(two, "status"))[0] == 1
    assert (await move(two, "finish"))[0] == 1
    await fund(conn, "alice", 5)  # A finish that can't be leaves the source as it was.
    assert (await move(two, "start"))[0] == 0
    code, said = await move(two, "start")
    assert (code, "the target has transactions" in said) == (1, True)
    await conn.close()
    code, said = await move(two, "cancel")
    assert (code, said) == (0, "The move is given up; the source goes on.\n")
    conn = await connect(source.url)
    await fund(conn, "alice", 5)
    left = "select count(*) from pg_replication_slots", "select count(*) from pg_publication"
    assert [await conn.fetchval(one) for one in left] == [0, 0]
    other = await connect(target.url)
    assert await other.fetchval("select count(*) from ledger.transactions") == 0
    assert await other.fetch("select * from zerosum.verify_triggers()") == []
    await other.close()
    assert (await move(two, "start"))[0] == 0
    await conn.close()
    code, said = await move(two, "finish")
    assert code == 0, said
    assert "ledger main: the same up to event 0:" in said


async def test_a_target_that_differs_is_not_switched_to(two: list[EmbeddedPostgres]) -> None:
    """Somebody wrote there: the source is writable again, and nothing was switched."""
    source, target = two
    conn = await begun(source)
    await conn.close()
    assert (await move(two, "start"))[0] == 0
    other = await connect(target.url)
    await other.execute("update ledger.wallets set posted = posted + 1 where id = 'alice'")
    code, said = await move(two, "finish")
    assert (code, "the ledger main differs" in said) == (1, True), said
    conn = await connect(source.url)
    await fund(conn, "alice", 5)
    await other.close()
    await conn.close()
    assert (await move(two, "cancel"))[0] == 0


async def test_what_would_stop_a_move_is_said_first(
    two: list[EmbeddedPostgres],
) -> None:
    source, _ = two
    conn = await connect(source.url)
    await migrate(conn)
    await conn.execute("alter system set wal_level = 'replica'")
    await conn.execute("alter system set max_replication_slots = 0")
    await conn.close()
    restart(source)
    for step in ("check", "start"):
        code, said = await move(two, step)
        assert code == 1
        assert "the source has no wal_level = logical" in said
        assert "raise max_replication_slots" in said
    code, _, err = await run(source.url, "move", "check", "http://x")
    assert (code, "Traceback" in err) == (2, False)
