"""Replays: a range of events goes to an endpoint again, a page at a time, with a count before and
its progress after; dead deliveries are dismissed."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import asyncpg
import pytest

from relay.webhooks.policy import WebhookPolicy
from tests.relay.conftest import RunRelay
from tests.support.ledger import codes, fund, req, stamp_all, verify, wallets
from tests.support.receiver import Receiver
from tests.support.until import until
from tests.support.webhooks import settled, subscribe

CREATE = "select body from zerosum.create_replay(1, $1, $2)"
COUNT = "select * from zerosum.count_replay(1, $1, $2)"


@pytest.fixture
async def fed(db: asyncpg.Connection) -> asyncpg.Connection:
    """1,200 transfers are in the feed, after the two events 1 and 2."""
    await wallets(db, ("alice", "bob"))
    await fund(db, "alice", 10000)
    await fund(db, "bob", 1)
    for _ in range(12):
        asked = [req(("alice", "bob", 1), kind="transfer") for _ in range(100)]
        assert set(await codes(db, *asked)) == {"posted"}
    await stamp_all(db)
    return db


def asked(**members: Any) -> str:
    return json.dumps({"types": ["*"], **members})


async def replay(db: asyncpg.Connection, endpoint: int, **members: Any) -> Any:
    return json.loads(await db.fetchval(CREATE, endpoint, asked(**members)))


async def newest(db: asyncpg.Connection, endpoint: int) -> Any:
    told = "select body from zerosum.list_replays(1, $1, null, 1)"
    return json.loads(await db.fetchval(told, endpoint))


def seqs(receiver: Receiver, path: str = "/") -> list[int]:
    return sorted(one.event["seq"] for one in receiver.got if one.path == path)


async def test_a_range_goes_to_an_endpoint_that_is_new(
    fed: asyncpg.Connection, run_relay: RunRelay, receiver: Receiver
) -> None:
    """It was created after all of it. Only what it selects of the range comes, each event once."""
    target = await subscribe(fed, receiver.url, ("transaction.*",))
    await fed.execute('select zerosum.change_endpoint(1, $1, \'{"kinds": ["transfer"]}\')', target)
    assert tuple(await count(fed, target, after_seq=0)) == (1200, True)
    assert tuple(await count(fed, target, after_seq=0, upto_seq=502)) == (500, True)
    assert tuple(await count(fed, target, types=["hold.*"])) == (0, True)
    made = await replay(fed, target, after_seq=100, upto_seq=1150)
    assert (made["number"], made["state"], made["replayed"]) == (1, "running", 100)
    async with run_relay():
        await settled(fed, 1050)

        async def is_done() -> bool:
            return bool((await newest(fed, target))["state"] == "done")

        await until(is_done)
    assert seqs(receiver) == list(range(101, 1151))
    told = await newest(fed, target)
    assert (told["replayed"], told["read_seq"]) == (1050, 1150)
    assert told["finished_at"] is not None
    assert await verify(fed) == []


async def count(db: asyncpg.Connection, endpoint: int, **members: Any) -> asyncpg.Record:
    (row,) = await db.fetch(COUNT, endpoint, asked(**members))
    return row


async def test_a_range_by_time(fed: asyncpg.Connection) -> None:
    target = await subscribe(fed, "https://shop.example")
    rows = await fed.fetch("select seq, recorded_at from ledger.events where ledger_id = 1")
    times = {row["seq"]: row["recorded_at"] for row in rows}
    last = max(times)
    for since, until_ in ((300, 900), (1, last), (last, last)):
        found = await count(
            fed, target, since=times[since].isoformat(), until=times[until_].isoformat()
        )
        wanted = [seq for seq, at in times.items() if times[since] <= at < times[until_]]
        assert tuple(found) == (len(wanted), True)
    assert tuple(await count(fed, target, since="9999-01-01T00:00:00Z")) == (0, True)
    assert tuple(await count(fed, target, until="1970-01-01T00:00:00Z")) == (0, True)


async def test_the_dead_are_sent_again_to_the_endpoint_or_to_another(
    fed: asyncpg.Connection, run_relay: RunRelay, receiver: Receiver
) -> None:
    bad = await subscribe(fed, f"{receiver.url}/redirect", ("transaction.*",))
    other = await subscribe(fed, f"{receiver.url}/other", ("transaction.*",))
    async with run_relay(policy=WebhookPolicy(())):
        await codes(fed, *(req(("alice", "bob", 2)) for _ in range(20)))
        await settled(fed, 40)
        made = await replay(fed, other, status="dead", source=bad)
        assert (made["replayed"], made["state"], made["source"]) == (20, "done", bad)
        await receiver.until(40, "/other")
        # Half of them are dismissed, the other half are sent again to the endpoint itself.
        gone = "select * from zerosum.dismiss_deliveries(1, $1, 0, $2)"
        (row,) = await fed.fetch(gone, bad, 1212)
        assert tuple(row) == (10, False)
        await fed.execute(
            "select zerosum.change_endpoint(1, $1, $2)",
            bad,
            json.dumps({"url": f"{receiver.url}/mended"}),
        )
        assert (await replay(fed, bad, status="dead"))["replayed"] == 10
        await receiver.until(10, "/mended")
        await settled(fed, 40)
        assert (await replay(fed, bad, status="dead"))["replayed"] == 0
        assert (await replay(fed, bad, status="dismissed"))["replayed"] == 10
        await receiver.until(20, "/mended")
    assert seqs(receiver, "/mended") == list(range(1203, 1223))
    assert await verify(fed) == []


async def test_what_waits_for_a_retry_is_not_sent_twice(
    fed: asyncpg.Connection, run_relay: RunRelay, receiver: Receiver
) -> None:
    target = await subscribe(fed, receiver.url, ("transaction.*",))
    await replay(fed, target, after_seq=0, upto_seq=50)
    assert (await replay(fed, target, after_seq=0, upto_seq=50))["state"] == "done"
    async with run_relay():
        await settled(fed, 50)
        await asyncio.sleep(0.3)
    assert seqs(receiver) == list(range(1, 51))


@pytest.mark.parametrize("end", ["delete", "cancel", "disable"])
async def test_a_replay_ends_with_its_endpoint_or_when_it_is_cancelled(
    fed: asyncpg.Connection, run_relay: RunRelay, receiver: Receiver, end: str
) -> None:
    """A slow endpoint has a thousand events before it."""
    target = await subscribe(fed, receiver.url, ("transaction.*",))
    await fed.execute(
        'select zerosum.change_endpoint(1, $1, \'{"rate_limit": "20/second"}\')', target
    )
    await replay(fed, target, after_seq=0)
    async with run_relay():
        await receiver.until(5)
        if end == "cancel":
            await fed.execute("select zerosum.cancel_replay(1, $1, 1)", target)
        elif end == "delete":
            await fed.execute("select zerosum.delete_endpoint(1, $1)", target)
        else:
            await fed.execute("select zerosum.disable_endpoint(1, $1, 'by hand')", target)
        await asyncio.sleep(0.5)
    told = await newest(fed, target)
    if end == "disable":
        # Enabled again it goes on.
        assert told["state"] == "running"
        await fed.execute(
            "update ledger.endpoints set disabled_at = null, rate_limit = null, concurrency = 16"
        )
        async with run_relay():
            await settled(fed, 1202)
        assert set(seqs(receiver)) == set(range(1, 1203))
    else:
        assert told["state"] == "cancelled"
        assert told["replayed"] < 500
        assert len(receiver.got) < 100
