"""A ledger that lost the end of its feed goes on above all seqs that others saw."""

from __future__ import annotations

import io
import json

import asyncpg

from app.cli.export import export_ledger
from tests.support.ledger import fund, post, raises, req, stamp_all, verify, wallets
from tests.support.webhooks import SECRET


async def restore(db: asyncpg.Connection, seen: int) -> tuple[int, int, int]:
    row = await db.fetchrow("select * from zerosum.restore_ledger(1, $1)", seen)
    assert row is not None
    return tuple(row)


async def feed(db: asyncpg.Connection) -> list[tuple[int, str]]:
    rows = await db.fetch("select * from zerosum.list_events(1, 0, 1000)")
    return [(row["seq"], json.loads(row["body"])["type"]) for row in rows]


async def test_the_feed_goes_on_above_what_others_saw(db: asyncpg.Connection) -> None:
    await wallets(db, ("ann", "bob"))
    await fund(db, "ann", 100)
    await stamp_all(db)
    await post(db, req(("ann", "bob", 1)))  # This waits to be stamped, as it did before.
    assert await restore(db, 5) == (2, 1, 6)
    await stamp_all(db)
    assert await feed(db) == [
        (1, "transaction.posted"),
        (2, "transaction.posted"),
        *((seq, "ledger.skipped") for seq in (3, 4, 5)),
        (6, "ledger.restored"),
    ]
    body = json.loads(await db.fetchval("select body from zerosum.list_events(1, 5, 1)"))
    assert body["data"] == {"kept_seq": 1, "log_number": 2}
    assert await verify(db) == []
    # What nobody saw needs no place; what waits may be more than what was seen.
    await post(db, req(("ann", "bob", 1)), req(("ann", "bob", 1)))
    assert await restore(db, 0) == (3, 6, 9)
    await stamp_all(db)
    assert (await feed(db))[6:] == [
        (7, "transaction.posted"),
        (8, "transaction.posted"),
        (9, "ledger.restored"),
    ]
    assert await verify(db) == []


async def test_the_log_has_another_name(db: asyncpg.Connection) -> None:
    names = "select name from zerosum.log_state(1)"
    assert await db.fetchval(names) == "main"
    await restore(db, 3)
    assert await db.fetchval(names) == "main/2"
    await restore(db, 3)
    assert await db.fetchval(names) == "main/3"
    out = io.StringIO()
    await export_ledger(db, 1, out)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert lines[0]["ledger"] == "main"
    assert [one["number"] for one in lines if one.get("part") == "restoration"] == [2, 3]
    for change in (
        "update ledger.restorations set kept_seq = 0",
        "delete from ledger.restorations",
    ):
        await raises("ZS902", db.execute(change))


async def test_webhooks_and_sinks_pass_over_what_was_skipped(db: asyncpg.Connection) -> None:
    asked = (["*"], ["ledger.*"], ["ledger.skipped"])
    for number, types in enumerate(asked):
        await db.execute(
            "select zerosum.create_endpoint(1, 'https://example.com', $1, $2)", types, SECRET
        )
        await db.execute(
            "select zerosum.create_sink(1, $1, 'kafka://h/t', $2, 'beginning')", f"s{number}", types
        )
    await restore(db, 4)
    await stamp_all(db)
    wanted = [[5], [5], [1, 2, 3, 4]]
    ids = await db.fetch("select id from ledger.endpoints order by id")
    sinks = await db.fetch("select id from ledger.sinks order by id")
    for (endpoint,), (sink,), seqs in zip(ids, sinks, wanted, strict=True):
        sent = await db.fetchrow("select * from zerosum.next_deliveries(1, $1, 100)", endpoint)
        carried = await db.fetchrow("select * from zerosum.next_events(1, $1, 100, 100000)", sink)
        assert sent is not None
        assert carried is not None
        assert (sent["seqs"], carried["seqs"]) == (seqs, seqs)
        assert carried["read_to"] == 5
        assert sent["read_to"] == 5


async def test_ids_that_were_lost_do_not_come_again(db: asyncpg.Connection) -> None:
    await wallets(db, ("ann", "bob"))
    await fund(db, "ann", 100)
    await db.execute("select zerosum.skip_ids()")
    await post(db, req(("ann", "bob", 1)))
    ids = [row["id"] for row in await db.fetch("select id from ledger.transactions order by id")]
    assert ids[0] < 10**9 < ids[1] < 2**53
    assert await verify(db) == []


async def test_a_seq_far_beyond_the_feed_is_refused(db: asyncpg.Connection) -> None:
    await raises("22023", restore(db, 10_000_001))
    assert await db.fetchval("select count(*) from ledger.outbox") == 0
