"""Deliveries and attempts that are older than they are kept are deleted; what is still needed
stays."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from relay import relay as module
from relay import retention
from relay.retention import Keep
from relay.webhooks.policy import WebhookPolicy
from tests.relay.conftest import RunRelay
from tests.support.ledger import codes, lease, post, req, verify
from tests.support.receiver import Receiver
from tests.support.until import until
from tests.support.webhooks import settled, subscribe

KEPT_S = 1.2  # A little more than the second for which these tests keep deliveries.
PURGE = "select zerosum.purge_deliveries($1, 1, $2)"


async def move(db: asyncpg.Connection, times: int) -> None:
    for _ in range(times):
        assert await codes(db, req(("alice", "bob", 1))) == ["posted"]


async def seqs(db: asyncpg.Connection) -> list[int]:
    return [row["seq"] for row in await db.fetch("select seq from ledger.deliveries order by seq")]


async def test_what_is_old_is_deleted_in_steps_and_the_rest_stays(
    moved: asyncpg.Connection, run_relay: RunRelay, receiver: Receiver
) -> None:
    receiver.answers.extend([500] * 3)
    await subscribe(moved, receiver.url)
    async with run_relay(policy=WebhookPolicy((0.05,) * 9)):
        await move(moved, 7)
        await settled(moved, 8)
        await asyncio.sleep(KEPT_S)
        await move(moved, 4)
        await settled(moved, 12)
    assert await moved.fetchval("select count(*) from ledger.attempts") == 3
    # Of these two one waits for a retry, and one was sent again a moment ago.
    await moved.execute(
        "update ledger.deliveries set status = 'pending', settled_at = null where seq = 2;"
        "update ledger.deliveries set settled_at = now() where seq = 3"
    )
    await lease(moved, "r")
    assert await moved.fetchval(PURGE, "other", 100) == 0
    assert await moved.fetchval(PURGE, "r", 4) == 4
    assert await seqs(moved) == [2, 3, 7, 8, 9, 10, 11, 12]
    assert await moved.fetchval(PURGE, "r", 4) == 2
    assert await moved.fetchval(PURGE, "r", 4) == 0
    assert await seqs(moved) == [2, 3, 9, 10, 11, 12]
    left = (
        "select count(*) from ledger.attempts a where not exists (select from ledger.deliveries d"
    )
    assert not await moved.fetchval(f"{left} where d.seq = a.seq)")
    assert await verify(moved) == []


async def test_the_relay_does_it_and_sends_nothing_again(
    moved: asyncpg.Connection,
    run_relay: RunRelay,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retention, "LOOK_S", 0.1)
    await subscribe(moved, receiver.url)
    async with run_relay(keep=Keep(deliveries_s=1)):
        await move(moved, 9)
        await receiver.until(10)

        async def are_gone() -> bool:
            return await seqs(moved) == []

        await until(are_gone)
        await move(moved, 1)
        await receiver.until(11)
    assert len(receiver.got) == 11


async def test_the_relay_purges_events_that_every_reader_has(
    moved: asyncpg.Connection,
    run_relay: RunRelay,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A second endpoint is down. Once it is up again it gets every event, and then they go."""
    monkeypatch.setattr(retention, "LOOK_S", 0.1)
    monkeypatch.setattr(module, "KEEP_EVENTS", 0)
    receiver.answers.extend([500] * 40)
    await subscribe(moved, receiver.url)
    await post(moved, *[req(("alice", "bob", 1))] * 300)
    policy = WebhookPolicy((0.3,) * 9)

    async def purged() -> int:
        found: int = await moved.fetchval("select zerosum.purged_seq(1)")
        return found

    async with run_relay(policy=policy, keep=Keep(1, 1)):
        await receiver.until(20)
        assert await purged() == 0
        await receiver.until(341)

        async def are_purged() -> bool:
            return await purged() == 256

        await until(are_purged)
        await post(moved, req(("alice", "bob", 1)))
        await receiver.until(342)
    assert len({one.headers["webhook-id"] for one in receiver.got}) == 302
    assert await verify(moved) == []


async def test_what_an_endpoint_has_not_passed_stays(moved: asyncpg.Connection) -> None:
    """A delivery above the cursor says that its event was sent already."""
    target = await subscribe(moved, "https://shop.example")
    epoch = await lease(moved, "r")
    await moved.execute("select zerosum.stamp(1, 'r', $1, 100)", epoch)
    await moved.execute(
        "insert into ledger.deliveries (ledger_id, endpoint_id, seq, status, due_at, settled_at)"
        " values (1, $1, 1, 'delivered', now(), now())",
        target,
    )
    await asyncio.sleep(KEPT_S)
    assert await moved.fetchval(PURGE, "r", 100) == 0
    await moved.execute("update ledger.endpoints set sent_seq = 1")
    assert await moved.fetchval(PURGE, "r", 100) == 1
