"""Bundled events are the same events to everybody who reads them."""

from __future__ import annotations

import io
from typing import Any

import asyncpg

from app.cli.export import export_ledger
from app.transparency.ledger_log import event_proof
from app.transparency.proofs import check_bundle
from tests.support.faults import DISABLE
from tests.support.ledger import bundle, raises, verify
from tests.support.log_key import LOG_KEY, VKEY
from tests.support.plans import most_read

READS = (
    "list_events(1, 0, 1000)",
    "read_events(1, 0, 1000)",
    "read_events(1, 300, 100, '{transaction.posted}')",
    "list_events(1, 700, 1000)",
    "list_events(1, 255, 2)",
    "next_events(1, 2, 1000, 1000000000)",
    "next_events(1, 2, 10, 2000)",
    "next_deliveries(1, 1, 1000, 0)",
    "next_deliveries(1, 1, 300, 500)",
    "events_at(1, array[1, 256, 257, 768, 769, 1100, 1, 5000])",
    "entry_bundle(1, 0, 256)",
    "entry_bundle(1, 2, 100)",
    "entry_bundle(1, 4, 76)",
    "log_state(1)",
    "log_tile(1, 0, 2, 256)",
    "log_inclusion(1, 300, 1000)",
    "export_lines(1, 'event', '0', 2000)",
    "export_lines(1, 'event', '500', 10)",
)


async def read_all(db: asyncpg.Connection) -> list[Any]:
    return [await db.fetch(f"select * from zerosum.{read} order by 1") for read in READS]


async def exported(db: asyncpg.Connection) -> str:
    out = io.StringIO()
    await export_ledger(db, 1, out)
    return out.getvalue()


async def test_everybody_reads_the_same(long: asyncpg.Connection) -> None:
    before, export = await read_all(long), await exported(long)
    assert await bundle(long, limit=2) == 2
    assert await read_all(long) == before
    assert await bundle(long) == 1
    assert await bundle(long) == 0
    assert await long.fetchval("select min(seq) from ledger.events") == 769
    assert await read_all(long) == before
    assert await exported(long) == export
    assert await verify(long) == []
    for seq in (0, 300, 768, 1000):
        assert await long.fetch("select * from zerosum.verify_since(1, $1)", seq) == []
    for seq in (1, 256, 257, 700, 1100):
        proof = await event_proof(long, 1, seq, LOG_KEY)
        assert proof is not None
        assert check_bundle(proof, VKEY)[1] == seq - 1
    size = await long.fetchval(
        "select sum(pg_column_size(b.*)) from ledger.event_bundles b where ledger_id = 1"
    )
    assert size / 768 < 200


async def test_old_events_are_sent_again_and_listed(long: asyncpg.Connection) -> None:
    await bundle(long)
    assert await long.fetchval("select zerosum.resend_delivery(1, 1, 5)")
    assert not await long.fetchval("select zerosum.resend_delivery(1, 1, 1101)")
    assert not await long.fetchval("select zerosum.resend_delivery(1, 1, 0)")
    (row,) = await long.fetch("select * from zerosum.next_deliveries(1, 1, 3, 1000)")
    assert row["seqs"] == [5, 1001, 1002]
    assert [
        f'"seq":{seq},' in body for seq, body in zip(row["seqs"], row["bodies"], strict=True)
    ] == [True] * 3
    (listed,) = await long.fetch("select * from zerosum.list_deliveries(1, 1, null, 10)")
    assert listed["seq"] == 5


async def test_events_go_only_into_a_bundle(long: asyncpg.Connection) -> None:
    await raises("ZS902", long.execute("delete from ledger.events where seq = 1"))
    await raises("ZS902", long.execute("delete from ledger.events where seq <= 256"))
    await raises("ZS902", long.execute("truncate ledger.events"))
    await bundle(long)
    for statement in (
        "delete from ledger.events where seq = 769",
        "delete from ledger.event_bundles",
        "update ledger.event_bundles set number = number + 1",
        "truncate ledger.event_bundles",
    ):
        await raises("ZS902", long.execute(statement))
    await raises("ZS301", long.execute("select zerosum.bundle_events(1, 'other', 1, 0, 1)"))


CHANGED = [
    "update ledger.event_bundles set bodies[7] = replace(bodies[7], '\"amount\":', '\"amount\":1')",
    "update ledger.event_bundles set bodies[7] = bodies[8]",
    "update ledger.event_bundles set ids[7] = ids[8]",
    "update ledger.event_bundles set types[7] = 'x'",
    "update ledger.event_bundles set transaction_ids[7] = transaction_ids[8]",
    "delete from ledger.event_bundles where number = 1",
    "delete from ledger.event_bundles where number = 2",
    "insert into ledger.event_bundles select 1, 3, transaction_ids, recorded_ats, ids, types, bodies"
    " from ledger.event_bundles where number = 2",
]


async def test_a_changed_bundle_is_found(long: asyncpg.Connection) -> None:
    await bundle(long)
    for statement in CHANGED:
        await long.execute(f"begin; {DISABLE}")
        assert await long.execute(statement) not in {"UPDATE 0", "DELETE 0", "INSERT 0 0"}, (
            statement
        )
        assert {kind for kind, _, _ in await verify(long)} & {"event", "feed", "log"}, statement
        await long.execute("rollback")


async def test_the_keys_are_probed(long: asyncpg.Connection) -> None:
    """A page of the feed reads the rows of that page; a bundle is read for its own events only."""
    await bundle(long, keep=0)
    for read, most in (
        ("list_events(1, 1050, 10)", 50),
        ("list_events(1, 500, 10)", 50),
        ("read_events(1, 1050, 10)", 60),
        ("read_events(1, 500, 10)", 60),
        ("next_events(1, 2, 10, 100000)", 50),
        ("next_deliveries(1, 1, 10, 1040)", 80),
        ("events_at(1, array[3, 1090])", 50),
    ):
        name, rows = await most_read(long, lambda r=read: long.fetch(f"select * from zerosum.{r}"))
        assert rows <= most, (read, name, rows)
