"""The relay bundles old events once there is nothing else to do, and sends them all the same."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from relay import relay as module
from tests.relay.conftest import RunRelay
from tests.support.ledger import fund, post, req, stamped, verify, wallets
from tests.support.receiver import Receiver
from tests.support.webhooks import subscribe


async def until(db: asyncpg.Connection, bundles: int) -> None:
    for _ in range(200):
        if await db.fetchval("select count(*) from ledger.event_bundles") == bundles:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(await db.fetchval("select count(*) from ledger.event_bundles"))


@pytest.mark.slow
async def test_old_events_are_bundled(
    db: asyncpg.Connection,
    run_relay: RunRelay,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "KEEP_EVENTS", 100)
    await wallets(db, ("ann", "bob"))
    await fund(db, "ann", 5000)
    for _ in range(5):
        await post(db, *[req(("ann", "bob", 1))] * 200)
    async with run_relay():
        await until(db, 3)
        await asyncio.sleep(0.5)
        await until(db, 3)
        await post(db, *[req(("ann", "bob", 1))] * 200)
        await until(db, 4)
    # Another relay, and an endpoint that has read nothing: everything arrives.
    await subscribe(db, receiver.url)
    await db.execute("update ledger.endpoints set sent_seq = 0")
    async with run_relay():
        got = await receiver.until(1201)
    rows = await db.fetch("select seq, body from zerosum.feed(1, 0, 2000) order by seq")
    assert {one.body for one in got} == {row["body"].encode() for row in rows}
    assert await verify(db) == []


@pytest.mark.slow
async def test_nothing_is_bundled_soon_after_stamping(
    db: asyncpg.Connection, run_relay: RunRelay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So an event that comes now and then does not wait for bundling."""
    monkeypatch.setattr(module, "KEEP_EVENTS", 0)
    monkeypatch.setattr(module, "QUIET_S", 600.0)
    await wallets(db, ("ann", "bob"))
    await fund(db, "ann", 5000)
    async with run_relay():
        await post(db, *[req(("ann", "bob", 1))] * 600)
        await stamped(db)
        await asyncio.sleep(2 * module.POLL_S)
        assert await db.fetchval("select count(*) from ledger.event_bundles") == 0
        monkeypatch.setattr(module, "QUIET_S", 0.0)
        await until(db, 2)


async def test_a_relay_that_is_never_idle_bundles_too(
    db: asyncpg.Connection, run_relay: RunRelay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KEEP_EVENTS", 0)
    monkeypatch.setattr(module, "BUNDLE_ANYHOW", 500)
    await wallets(db, ("ann", "bob"))
    await fund(db, "ann", 5000)
    async with run_relay() as relay:
        monkeypatch.setattr(relay, "bundle_while_quiet", lambda: asyncio.sleep(0))
        for _ in range(10):
            await post(db, *[req(("ann", "bob", 1))] * 100)
            await asyncio.sleep(0.05)
        for _ in range(100):
            if await db.fetchval("select count(*) from ledger.event_bundles") >= 2:
                break
            await post(db, req(("ann", "bob", 1)))
            await asyncio.sleep(0.05)
    assert await db.fetchval("select count(*) from ledger.event_bundles") >= 2
    assert await verify(db) == []
