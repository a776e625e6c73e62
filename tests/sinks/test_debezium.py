"""Debezium, unmodified, reads the outbox from the WAL, while our relay only stamps and empties it."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from app.database.connections import call, connect, open_pool
from app.host.migrate import migrate
from app.host.supervise import running
from relay.relay import POOL_SIZE, Relay
from relay.webhooks.sender import WebhookSender
from tests.support.debian import OWNER, debian_postgres
from tests.support.ledger import fund, stamped, verify, wallets
from tests.tools.java import ROOT, jars

COUNT = 50


@pytest.fixture
def logical_port(tmp_path: Path) -> Iterator[int]:
    trust = "host all all 127.0.0.1/32 trust\nhost replication all 127.0.0.1/32 trust\n"
    with debian_postgres(tmp_path, "-c wal_level=logical", trust) as port:
        yield port


@pytest.fixture
def engine(tmp_path: Path, logical_port: int) -> Iterator[subprocess.Popen[bytes]]:
    classes = jars("debezium")
    source = ROOT / "tests/tools/java/debezium/Engine.java"
    with (tmp_path / "engine.out").open("wb") as out, (tmp_path / "engine.err").open("wb") as err:
        process = subprocess.Popen(
            [
                "java",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                classes,
                source,
                tmp_path / "offsets",
                str(logical_port),
                OWNER,
                "postgres",
            ],
            stdout=out,
            stderr=err,
        )
        yield process
        process.terminate()
        process.wait(30)


async def records(room: Path, count: int) -> list[tuple[str, str, str, str, bytes]]:
    """Return topic, key, id, type and value of what came, once there are so many."""
    lines: list[str] = []
    deadline = time.monotonic() + 60
    while len(lines) < count and time.monotonic() < deadline:
        await asyncio.sleep(0.2)
        lines = [line for line in (room / "engine.out").read_text().splitlines() if "\t" in line]
    found = []
    for line in lines:
        topic, key, id_, type_, value = line.split("\t")
        found.append((topic, key, id_, type_, base64.b64decode(value)))
    return found


@pytest.mark.slow
async def test_every_committed_event_comes_out_and_no_other(
    tmp_path: Path, logical_port: int, request: pytest.FixtureRequest
) -> None:
    if shutil.which("java") is None:
        pytest.skip("there is no Java here")
    url = f"postgresql://{OWNER}@127.0.0.1:{logical_port}/postgres"
    conn = await connect(url)
    await migrate(conn)
    await call(conn, "create_ledger", name="main")
    await wallets(conn, ("alice", "bob"))
    request.getfixturevalue("engine")
    slot = "select exists (select from pg_replication_slots where active)"
    async with asyncio.timeout(60):
        while not await conn.fetchval(slot):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    pool = await open_pool(url, POOL_SIZE)
    async with WebhookSender(()) as sender, running(Relay(pool, url, sender, carries=False).run):
        await fund(conn, "alice", 1_000)
        for n in range(COUNT):
            undone = conn.transaction()
            await undone.start()
            await conn.execute("select zerosum.transfer(1, 'alice', 'bob', 7)")
            await undone.rollback()
            await conn.execute(
                "select zerosum.transfer(1, 'alice', 'bob', 1, reference => $1)", f"é{n}"
            )
        await emptied(conn)
    await pool.close()
    got = await records(tmp_path, COUNT + 1)
    rows = await conn.fetch("select id, type, body from ledger.events order by seq")
    stamped = {str(row["id"]): (row["type"], row["body"]) for row in rows}
    assert [id_ for _, _, id_, _, _ in got] == list(stamped)
    for topic, key, id_, type_, value in got:
        event_type, body = stamped[id_]
        data = body[body.index(',"data":') + 8 : -1]
        assert (topic, type_) == ("outbox.event.transaction", event_type)
        assert key == str(json.loads(data)["id"])
        assert value == data.encode()
    assert await verify(conn) == []
    await conn.close()


async def emptied(conn: asyncpg.Connection) -> None:
    """The relay that only stamps has emptied the outbox."""
    async with asyncio.timeout(20):
        await stamped(conn)
