"""A relay that was paused past its lease is no relay any more: the other one's work is not done
twice."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from relay.webhooks.endpoint import PAGE
from tests.support.api import Api
from tests.support.ledger import fund, lease, raises, stamped, verify, wallets
from tests.support.process import ServerProcess
from tests.support.receiver import Receiver
from tests.support.webhooks import subscribe

BACKLOG = 3000
HOLDER = "select holder from ledger.feeds where ledger_id = 1 and until > clock_timestamp()"


@pytest.fixture
async def pair(tmp_path: Path, database_url: str) -> AsyncIterator[list[ServerProcess]]:
    """Two servers with a relay each."""
    servers = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        servers.append(ServerProcess(tmp_path / name, database_url, ZEROSUM_LOG_REQUESTS="0"))
        await servers[-1].start()
    yield servers
    for server in servers:
        assert server.process is not None
        os.kill(server.process.pid, signal.SIGCONT)
        await server.end()


@pytest.mark.slow
async def test_a_leader_that_was_paused_sends_no_page_twice(
    pair: list[ServerProcess], db: asyncpg.Connection, receiver: Receiver
) -> None:
    """The leader is stopped in the middle of a backlog, for longer than its lease, and goes on."""
    await wallets(db, ("alice",))
    for _ in range(BACKLOG // 250):
        await db.execute("select zerosum.credit(1, 'alice', 1) from generate_series(1, 250)")
    await stamped(db)
    await subscribe(db, receiver.url)
    await db.execute("update ledger.endpoints set sent_seq = 0")
    async with pair[0].client() as client:
        leads = 'zerosum_relay_lease{ledger="main"} 1.0' in (await client.get("/metrics")).text
    leader = pair[0] if leads else pair[1]
    assert leader.process is not None
    await receiver.until(200)
    before = await db.fetchval(HOLDER)
    os.kill(leader.process.pid, signal.SIGSTOP)
    async with asyncio.timeout(30):
        while await db.fetchval(HOLDER) in {before, None}:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        seen = len(receiver.got)
        while len(receiver.got) < seen + 200:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    os.kill(leader.process.pid, signal.SIGCONT)
    async with asyncio.timeout(120):
        while len({one.id for one in receiver.got}) < BACKLOG:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    await asyncio.sleep(2)
    times = Counter(one.id for one in receiver.got)
    assert len(times) == BACKLOG
    # What was on its way, or not recorded yet, when the leader was stopped comes again; a page
    # would be more.
    assert sum(times.values()) - BACKLOG < PAGE
    assert max(times.values()) <= 2
    assert await verify(db) == []


async def test_reading_and_recording_ask_for_the_lease(db: asyncpg.Connection) -> None:
    await wallets(db, ("alice",))
    end = await subscribe(db, "http://127.0.0.1:1/")
    await db.execute("select zerosum.create_sink(1, 's', 'kafka://h/t', '{*}', 'beginning')")
    sink = await db.fetchval("select id from ledger.sinks")
    await fund(db, "alice", 1)
    assert await lease(db, "me", 30)
    steps = (
        "next_deliveries(1, $1, 10, holder => $3) where $2 > 0",
        "next_events(1, $2, 10, 1000, $3) where $1 > 0",
        "record_sink(1, $2, 0, 0, null, $3) where $1 > 0",
        "record_deliveries(1, $1, 0, '{}', '{}', '{}', '{}', '{}', '{}', $3) where $2 > 0",
    )
    for step in steps:
        query = f"select * from zerosum.{step}"
        await db.fetch(query, end, sink, "me")
        await db.fetch(query, end, sink, None)
        await raises("ZS301", db.fetch(query, end, sink, "another"))


async def test_an_endpoint_that_was_disabled_can_be_enabled(
    api: Api, db: asyncpg.Connection
) -> None:
    await api.wallets("alice")
    made = (await api.made("/v1/webhooks", {"url": "https://example.com"}))["id"]
    path = f"/v1/webhooks/{made}"
    await api.fund("alice", 1)
    assert await lease(db, "r", 30)
    epoch = await db.fetchval("select epoch from ledger.feeds where ledger_id = 1")
    await db.fetch("select zerosum.stamp(1, 'r', $1, 10)", epoch)
    assert (await api.post(f"{path}/deliveries/1/resend", None)).status_code == 202
    for _ in range(2):
        disabled = (await api.post(f"{path}/disable", None)).json()
        assert (disabled["status"], disabled["disabled_reason"]) == (
            "disabled",
            "an API key disabled it",
        )
    refused = await api.post(f"{path}/deliveries/1/resend", None)
    assert (refused.status_code, refused.json()["code"]) == (409, "endpoint_disabled")
    assert not await db.fetchval("select zerosum.resend_delivery(1, $1, 1)", made)
    for _ in range(2):
        enabled = (await api.post(f"{path}/enable", None)).json()
        assert (enabled["status"], enabled["disabled_reason"]) == ("enabled", None)
    assert (await api.post(f"{path}/deliveries/1/resend", None)).status_code == 202
    told = await db.fetch(
        "select type from ledger.outbox where type like 'endpoint.%' order by ord"
    )
    assert [row["type"] for row in told] == ["endpoint.disabled", "endpoint.enabled"]
    await api.delete(path)
    for verb in ("enable", "disable"):
        assert (await api.post(f"{path}/{verb}", None)).status_code == 404
        assert (await api.post(f"/v1/webhooks/99/{verb}", None)).status_code == 404


async def test_an_endpoint_that_said_410_gets_what_came_meanwhile_once_it_is_enabled(
    db: asyncpg.Connection, receiver: Receiver, run_relay: object
) -> None:
    await wallets(db, ("alice",))
    receiver.answers.append(410)
    end = await subscribe(db, receiver.url, ("transaction.posted",))
    async with run_relay():  # type: ignore[operator]
        await fund(db, "alice", 1)
        while not await db.fetchval("select disabled_at is not null from ledger.endpoints"):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        for _ in range(3):
            await fund(db, "alice", 1)
        await stamped(db)
        assert len(receiver.got) == 1
        assert await db.fetchval("select zerosum.enable_endpoint(1, $1)", end)
        await receiver.until(4)
