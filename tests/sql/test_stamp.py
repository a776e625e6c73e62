"""Stamping: gapless seqs in causal order, bodies, leaves, the lease."""

from __future__ import annotations

import asyncio
import hashlib
import json

import asyncpg
import pytest

from app.database.connections import connect
from tests.support.ledger import (
    bodies,
    codes,
    fund,
    lease,
    post,
    raises,
    req,
    stamp,
    until_waiting,
    verify,
    wallets,
)
from tests.support.webhooks import SECRET


@pytest.fixture
async def peopled(db: asyncpg.Connection) -> asyncpg.Connection:
    await wallets(db, ("alice", "bob"))
    await fund(db, "alice", 1000)
    return db


async def test_events_are_gapless_and_follow_each_wallets_versions(
    peopled: asyncpg.Connection, database_url: str
) -> None:
    async def spend(n: int) -> None:
        link = await connect(database_url)
        for i in range(20):
            await post(link, req(("alice", "bob", 1), key=f"{n}-{i}"), req(("bob", "alice", 1)))
        await link.close()

    epoch = await lease(peopled, "r1")
    work = [asyncio.create_task(spend(n)) for n in range(4)]
    stamped = 0
    while not all(task.done() for task in work):
        stamped += await stamp(peopled, "r1", epoch, 7)
        await asyncio.sleep(0.001)
    await asyncio.gather(*work)
    while more := await stamp(peopled, "r1", epoch, 7):
        stamped += more
    rows = await peopled.fetch("select * from ledger.events order by seq")
    assert stamped == len(rows)
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    versions: dict[str, int] = {}
    for row in rows:
        body = json.loads(row["body"])
        assert list(body) == ["id", "type", "seq", "ledger", "timestamp", "data"]
        assert (body["id"], body["seq"], body["ledger"]) == (str(row["id"]), row["seq"], "main")
        assert row["leaf"] == hashlib.sha256(b"\0" + row["body"].encode()).digest()
        for entry in body["data"]["entries"]:
            assert entry["version"] == versions.get(entry["wallet"], 0) + 1
            versions[entry["wallet"]] = entry["version"]
    assert await peopled.fetchval("select count(*) from ledger.outbox") == 0
    assert await verify(peopled) == []


async def test_what_commits_while_others_are_stamped_is_stamped_next(
    peopled: asyncpg.Connection, database_url: str
) -> None:
    """Its place in the outbox is between those that are stamped."""
    await wallets(peopled, ("eva", "tom"))
    await fund(peopled, "eva", 1)
    slow, blocker = await connect(database_url), await connect(database_url)
    await slow.execute("begin")
    assert await codes(slow, req(("eva", "tom", 1), key="slow")) == ["posted"]
    assert await codes(peopled, req(("alice", "bob", 1))) == ["posted"]
    # Somebody else's row has a seq that is needed: stamping waits for it after reading what it
    # stamps.
    await blocker.execute(
        "begin; insert into ledger.events (ledger_id, seq, recorded_at, id, type, leaf, body)"
        " values (1, 2, now(), gen_random_uuid(), 'x', sha256(''), '{}')"
    )
    stamping = asyncio.create_task(stamp(peopled, "r1", await lease(peopled, "r1")))
    await until_waiting(blocker, peopled)
    assert not stamping.done()
    await slow.execute("commit")
    await blocker.execute("rollback")
    assert await stamping == 3
    assert await stamp(peopled, "r1", await lease(peopled, "r1")) == 1
    assert json.loads((await bodies(peopled))[-1])["data"]["idempotency_key"] == "slow"
    assert await verify(peopled) == []
    await slow.close()
    await blocker.close()


async def test_only_the_holder_of_the_lease_stamps(peopled: asyncpg.Connection) -> None:
    epoch = await lease(peopled, "r1")
    assert await lease(peopled, "r2") == 0
    assert await lease(peopled, "r1") == epoch
    await raises("ZS301", stamp(peopled, "r2", epoch))
    await raises("ZS301", stamp(peopled, "r1", epoch + 1))
    assert await stamp(peopled, "r1", epoch) == 1


async def test_a_lease_that_ran_out_stamps_no_more(peopled: asyncpg.Connection) -> None:
    epoch = await lease(peopled, "r1")
    await peopled.execute("update ledger.feeds set until = clock_timestamp()")
    await raises("ZS301", stamp(peopled, "r1", epoch))
    later = await lease(peopled, "r2")
    assert later == epoch + 1
    assert await stamp(peopled, "r2", later) == 1


async def test_a_released_lease_is_free_at_once(peopled: asyncpg.Connection) -> None:
    epoch = await lease(peopled, "r1")
    await peopled.execute("select zerosum.release_leases('r1')")
    await raises("ZS301", stamp(peopled, "r1", epoch))
    assert await lease(peopled, "r2") > 0


async def test_an_endpoint_gets_what_it_asked_for_from_when_it_was_made(
    peopled: asyncpg.Connection,
) -> None:
    epoch = await lease(peopled, "r1")
    assert await stamp(peopled, "r1", epoch) == 1
    for types in (["*"], ["transaction.posted"], ["transaction.*"], ["wallet.*", "transaction"]):
        await peopled.execute(
            "select zerosum.create_endpoint(1, 'https://example.com', $1, $2)", types, SECRET
        )
    assert await codes(peopled, req(("alice", "bob", 1))) == ["posted"]
    row = await peopled.fetchrow("select * from zerosum.stamp(1, 'r1', $1, 10)", epoch)
    assert row is not None
    ends = [r["id"] for r in await peopled.fetch("select id from ledger.endpoints order by id")]
    assert (row["stamped"], sorted(row["endpoints"])) == (1, ends[:3])
    found = [await to_send(peopled, end) for end in ends]
    assert found == [(2, [2]), (2, [2]), (2, [2]), (2, [])]


async def to_send(db: asyncpg.Connection, end: int, max_: int = 10) -> tuple[int | None, list[int]]:
    row = await db.fetchrow("select * from zerosum.next_deliveries(1, $1, $2)", end, max_)
    assert row is not None
    assert len(row["ids"] or ()) == len(row["bodies"] or ()) == len(row["seqs"])
    return row["read_to"], row["seqs"]


async def record(db: asyncpg.Connection, end: int, sent_to: int, **outcomes: str) -> None:
    """outcomes: s7="delivered"."""
    seqs = [int(name[1:]) for name in outcomes]
    n = len(seqs)
    await db.execute(
        "select zerosum.record_deliveries(1, $1, $2, $3, $4, $5, $6, $7, $8)",
        end,
        sent_to,
        seqs,
        list(outcomes.values()),
        [200] * n,
        [None] * n,
        [1] * n,
        [0.0] * n,
    )


async def test_an_endpoint_reads_the_feed_past_its_cursor(peopled: asyncpg.Connection) -> None:
    epoch = await lease(peopled, "r1")
    assert await stamp(peopled, "r1", epoch) == 1
    made = "select zerosum.create_endpoint(1, 'https://example.com', '{transaction.*}', $1)"
    await peopled.execute(made, SECRET)
    end = await peopled.fetchval("select id from ledger.endpoints")
    for _ in range(6):
        assert await codes(peopled, req(("alice", "bob", 1))) == ["posted"]
    assert await stamp(peopled, "r1", epoch) == 6
    assert await to_send(peopled, end, 3) == (4, [2, 3, 4])
    # 4 arrived before 2 and 3: the cursor stays, and what is recorded is not sent again.
    await record(peopled, end, 1, s4="delivered")
    assert await to_send(peopled, end, 3) == (5, [2, 3, 5])
    # 3 failed and is due again: it comes first, and once.
    await record(peopled, end, 4, s2="delivered", s3="pending")
    assert await to_send(peopled, end, 3) == (6, [3, 5, 6])
    # A late try, from a relay that was paused, changes nothing that is settled; neither does its
    # cursor.
    await record(peopled, end, 7, s3="delivered", s5="delivered", s6="delivered", s7="dead")
    await record(peopled, end, 2, s3="pending", s7="delivered")
    assert await to_send(peopled, end, 3) == (None, [])
    rows = await peopled.fetch("select status from ledger.deliveries order by seq")
    assert [row["status"] for row in rows] == ["delivered"] * 5 + ["dead"]


async def test_an_event_that_nothing_caused_has_no_transaction(db: asyncpg.Connection) -> None:
    await db.execute(
        "insert into ledger.outbox (ledger_id, aggregatetype, aggregateid, type, payload, recorded_at)"
        " values (1, 'wallet', 'w', 'wallet.frozen', '{}', clock_timestamp())"
    )
    epoch = await lease(db, "r1")
    assert await stamp(db, "r1", epoch) == 1
    assert await verify(db) == []
