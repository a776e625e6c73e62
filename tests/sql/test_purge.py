"""Events that are purged: never before every reader has them, never in silence, and still proved."""

from __future__ import annotations

import json

import asyncpg
import pytest

from app.transparency.ledger_log import event_proof
from app.transparency.proofs import check_bundle
from app.transparency.signed_notes import BadNote
from tests.support.faults import DISABLE
from tests.support.ledger import bundle, lease, post, raises, req, stamp_all, verify
from tests.support.log_key import LOG_KEY, VKEY
from tests.support.plans import most_read

LAST = 1100
PURGED = 768  # Of 1,100 events three tiles and their bundles are full with 300 kept as rows.


async def purge(db: asyncpg.Connection, seconds: float = 0, bundles: int = 100) -> int:
    """Returns how many bundles were purged."""
    epoch = await lease(db, "r")
    purged: int = await db.fetchval(
        "select zerosum.purge_events(1, 'r', $1, $2, $3)", epoch, seconds, bundles
    )
    return purged


@pytest.fixture
async def read(long: asyncpg.Connection) -> asyncpg.Connection:
    """1,100 events that are bundled, and that the endpoint and the sink have passed."""
    await bundle(long)
    await long.execute("update ledger.endpoints set sent_seq = $1", LAST)
    await long.execute("update ledger.sinks set sent_seq = $1", LAST)
    return long


async def seqs(db: asyncpg.Connection, call: str) -> list[int]:
    return [row["seq"] for row in await db.fetch(f"select seq from zerosum.{call}")]


async def test_old_events_are_purged_in_steps_from_the_oldest(read: asyncpg.Connection) -> None:
    assert await purge(read, seconds=3600) == 0
    assert await purge(read, bundles=2) == 2
    assert await seqs(read, "list_events(1, 0, 1)") == [513]
    assert await purge(read) == 1
    assert await purge(read) == 0
    assert await seqs(read, "list_events(1, 0, 1)") == [PURGED + 1]
    assert await read.fetchval("select zerosum.last_event(1)") == LAST
    await raises("ZS301", read.execute("select zerosum.purge_events(1, 'other', 1, 0, 1)"))
    # The feed goes on, is bundled, and is purged again.
    for _ in range(6):
        await post(read, *[req(("bob", "ann", 1))] * 100)
    await stamp_all(read)
    assert await bundle(read, keep=0) == 3
    await read.execute("update ledger.endpoints set sent_seq = 1700")
    await read.execute("update ledger.sinks set sent_seq = 1700")
    assert await purge(read) == 3
    assert await read.fetchval("select count(*) from ledger.event_bundles") == 0
    await stamp_all(read)
    assert await bundle(read, keep=0) == 0
    assert await verify(read) == []


READERS = {
    "an endpoint": "update ledger.endpoints set sent_seq = 300",
    "an endpoint that is disabled": "update ledger.endpoints set sent_seq = 300,"
    " disabled_at = now(), disabled_reason = 'client'",
    "a delivery": "insert into ledger.deliveries (ledger_id, endpoint_id, seq, due_at)"
    " values (1, 1, 301, now())",
    "a delivery of a deleted endpoint": "insert into ledger.deliveries (ledger_id, endpoint_id, seq,"
    " due_at) values (1, 1, 301, now());"
    " update ledger.endpoints set deleted_at = now(), disabled_at = now(),"
    " disabled_reason = 'client', sent_seq = 1",
    "a sink": "update ledger.sinks set sent_seq = 300",
    "a sink that is paused": "update ledger.sinks set sent_seq = 300, paused_at = now(),"
    " paused_by = 'operator'",
    "a consumer": "select zerosum.put_consumer(1, 'c', '{*}', '{*}', '{*}', '301')",
    "a replay": "insert into ledger.replays (ledger_id, endpoint_id, number, source_id, after_seq,"
    " upto_seq, types, read_seq) values (1, 1, 1, 1, 0, 1100, '{*}', 300)",
}


@pytest.mark.parametrize("reader", READERS)
async def test_what_a_reader_has_not_passed_stays(read: asyncpg.Connection, reader: str) -> None:
    await read.execute(READERS[reader])
    assert await purge(read) == 1
    assert await purge(read) == 0
    assert await seqs(read, "list_events(1, 0, 1)") == [257]


REFUSED = {
    "list_events": "zerosum.list_events(1, 767, 1)",
    "read_events": "zerosum.read_events(1, 1, 10)",
    "check_kept": "zerosum.check_kept(1, 5)",
    "a sink": "zerosum.create_sink(1, 'new', 'kafka://h/u', '{*}', '700')",
    "a consumer": "zerosum.put_consumer(1, 'new', '{*}', '{*}', '{*}', '700')",
    "a consumer that goes back": "zerosum.rewind_consumer(1, 'c', 700)",
    "resend": "zerosum.resend_delivery(1, 1, 700)",
    "resend the first": "zerosum.resend_delivery(1, 1, 1)",
    "a replay by seq": """zerosum.create_replay(1, 1, '{"after_seq": 700}')""",
    "a count by seq": """zerosum.count_replay(1, 1, '{"after_seq": 700}')""",
    "a replay by time": """zerosum.create_replay(1, 1, '{"since": "2020-01-01T00:00:00Z"}')""",
}


async def test_no_reader_goes_past_what_is_purged_unknowing(read: asyncpg.Connection) -> None:
    await purge(read)
    await read.execute("select zerosum.put_consumer(1, 'c', '{*}', '{*}', '{*}', 'now')")
    for name, call in REFUSED.items():
        with pytest.raises(asyncpg.PostgresError) as caught:
            await read.fetch(f"select * from {call}")
        told = getattr(caught.value, "detail", None)
        assert caught.value.sqlstate == "ZS302", name
        assert json.loads(told or "") == {"purged_seq": PURGED}, name


async def test_no_reader_is_ahead_of_the_feed_unknowing(read: asyncpg.Connection) -> None:
    """Who is has read another feed, such as this one before a restore."""
    for call in ("list_events(1, 1101, 1)", "read_events(1, 1101, 10)", "check_kept(1, 1101)"):
        with pytest.raises(asyncpg.PostgresError) as caught:
            await read.fetch(f"select * from zerosum.{call}")
        assert caught.value.sqlstate == "ZS303", call
    for call in ("list_events(1, 1100, 1)", "read_events(1, 1100, 10)", "check_kept(1, 1100)"):
        await read.fetch(f"select * from zerosum.{call}")


async def test_from_the_beginning_is_from_the_oldest_that_is_kept(read: asyncpg.Connection) -> None:
    await purge(read)
    (row,) = await read.fetch("select * from zerosum.read_events(1, 0, 10)")
    assert row["seqs"] == list(range(PURGED + 1, PURGED + 11))
    await read.execute("select zerosum.put_consumer(1, 'c', '{*}', '{*}', '{*}', 'beginning')")
    await read.execute("select zerosum.create_sink(1, 'new', 'kafka://h/u', '{*}', 'beginning')")
    assert await read.fetchval("select acknowledged_seq from ledger.consumers") == PURGED
    assert await read.fetchval("select min(sent_seq) from ledger.sinks") == PURGED
    (counted,) = await read.fetch(
        "select * from zerosum.count_replay(1, 1, $1)", '{"types": ["*"]}'
    )
    assert counted["events"] == LAST - PURGED
    # What is there already keeps its place when it is put again, with whatever start.
    await read.execute("select zerosum.put_consumer(1, 'c', '{*}', '{*}', '{*}', '5')")
    await read.execute("select zerosum.create_sink(1, 'new', 'kafka://h/u', '{*}', '5')")
    assert await read.fetchval("select acknowledged_seq from ledger.consumers") == PURGED


async def test_a_purged_event_that_someone_kept_is_proved(read: asyncpg.Connection) -> None:
    rows = await read.fetch("select seq, body from zerosum.list_events(1, 0, 1000)")
    kept = {row["seq"]: row["body"].encode() for row in rows}
    before = await read.fetch("select * from zerosum.log_state(1)")
    inclusion = await read.fetchval("select zerosum.log_inclusion(1, 300, 1000)")
    await purge(read)
    assert await read.fetch("select * from zerosum.log_state(1)") == before
    assert await read.fetchval("select zerosum.log_inclusion(1, 300, 1000)") == inclusion
    for seq in (1, 256, 257, 700, PURGED):
        proof = await event_proof(read, 1, seq, LOG_KEY)
        assert proof is not None
        assert "extra" not in proof
        assert check_bundle(proof, VKEY, kept[seq])[1] == seq - 1
        with pytest.raises(BadNote):
            check_bundle(proof, VKEY, kept[seq + 1])
    assert await read.fetchval("select zerosum.entry_bundle(1, 2, 256)") is None
    assert await read.fetchval("select zerosum.log_tile(1, 0, 2, 256)") is not None


async def test_all_is_well_afterwards(read: asyncpg.Connection) -> None:
    await purge(read)
    assert await verify(read) == []
    for seq in (0, 300, PURGED, 1000):
        assert await read.fetch("select * from zerosum.verify_since(1, $1)", seq) == []


TAMPERED = {
    "the books": "update ledger.transactions set description = 'ö' where id = (select max(t) from"
    " ledger.purged_bundles b, unnest(b.transaction_ids) t)",
    "an id": "update ledger.purged_bundles set ids[7] = ids[8] where number = 1",
    "a type": "update ledger.purged_bundles set types[7] = 'x' where number = 1",
    "a transaction": "update ledger.purged_bundles set transaction_ids[7] = transaction_ids[8]",
    "an end": "delete from ledger.purged_bundles where number = 2",
    "a gap": "delete from ledger.purged_bundles where number = 1",
    "a tile": "delete from ledger.tiles where number = 1",
    "a leaf": "update ledger.tiles set hashes = set_byte(hashes, 40, (get_byte(hashes, 40) + 1) % 256)"
    " where level = 0 and number = 1",
}


async def test_what_was_tampered_with_is_found(read: asyncpg.Connection) -> None:
    await purge(read)
    for name, statement in TAMPERED.items():
        await read.execute(f"begin; {DISABLE}")
        assert await read.execute(statement) not in {"UPDATE 0", "DELETE 0"}, name
        assert {kind for kind, _, _ in await verify(read)} & {"event", "feed", "log"}, name
        await read.execute("rollback")


async def test_a_bundle_goes_only_if_the_log_proves_it(read: asyncpg.Connection) -> None:
    keep = (
        "insert into ledger.purged_bundles select ledger_id, number, transaction_ids, ids, types"
        " from ledger.event_bundles where number = 0;"
    )
    for prepared in (
        "",
        f"{keep} alter table ledger.tiles disable trigger all; delete from ledger.tiles;",
        f"{keep} alter table ledger.tiles disable trigger all;"
        " update ledger.tiles set hashes = set_byte(hashes, 9, (get_byte(hashes, 9) + 1) % 256);",
        keep.replace(" ids,", " (ids[2:] || ids[1]),"),
    ):
        await read.execute(f"begin; {prepared}")
        await raises("ZS902", read.execute("delete from ledger.event_bundles where number = 0"))
        await read.execute("rollback")
    await purge(read)
    for statement in (
        "delete from ledger.purged_bundles",
        "update ledger.purged_bundles set number = number + 9",
        "truncate ledger.purged_bundles",
    ):
        await raises("ZS902", read.execute(statement))


async def test_purged_events_take_a_fraction_of_the_room(read: asyncpg.Connection) -> None:
    size = "select sum(pg_column_size(b.*)) from ledger.{} b"
    before = await read.fetchval(size.format("event_bundles"))
    await purge(read)
    assert await read.fetchval(size.format("purged_bundles")) < before / 2


async def test_the_keys_are_probed(read: asyncpg.Connection) -> None:
    await purge(read, bundles=2)
    for call, most in (
        ("purge_events(1, 'r', 1, 0, 1)", 60),
        ("list_events(1, 1050, 10)", 50),
        ("read_events(1, 1050, 10)", 60),
    ):
        name, rows = await most_read(read, lambda c=call: read.fetch(f"select * from zerosum.{c}"))
        assert rows <= most, (call, name, rows)
