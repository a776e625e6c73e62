"""Tables are analysed while empty, then filled: every statement still probes its keys.

The server counts the rows and index entries that one batch reads, by the session's statistics since
they were last flushed. A plan that reads a ledger, a wallet or a table for each batch reads
thousands here.
"""

from __future__ import annotations

import asyncio
import json
import random
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from app.database.connections import connect
from tests.support.ledger import about, hold, lease, post, stamp
from tests.support.log import logged
from tests.support.plans import PER_TRANSFER, WALLETS, batch, most_read
from tests.support.webhooks import SECRET

BATCH = 100
# What the planner knows. A vacuum tells it how large a table is, only an analyze what is in it.
KNOWN = ("select", "vacuum", "analyze")


async def young(db: asyncpg.Connection) -> None:
    """Analyse while everything is empty; then create the wallets w0 to w999, and the wallet hot."""
    await db.execute("analyze")
    await db.execute(
        "insert into ledger.wallets (ledger_id, id, asset, min_balance)"
        " select 1, w, 'USD', null from unnest(array['hot'] || array("
        "  select 'w' || g from generate_series(0, $1::int - 1) g)) w",
        WALLETS,
    )


async def test_every_statement_probes_its_key(db: asyncpg.Connection, database_url: str) -> None:
    rnd = random.Random(1)
    await young(db)
    for _ in range(100):
        await post(db, *batch(rnd, 200))
    for known in KNOWN:
        await db.execute(known)
        fresh = await connect(database_url)
        for conn in (db, fresh):
            for hot in (False, True):
                name, rows = await most_read(
                    conn, lambda c=conn, h=hot: post(c, *batch(rnd, BATCH, h))
                )
                assert rows <= PER_TRANSFER * BATCH, (known, name, rows)
        ids = [r["id"] for r in await fresh.fetch("select id from ledger.transactions limit 50")]
        name, rows = await most_read(
            fresh, lambda c=fresh, i=ids: c.fetch("select * from zerosum.answer(1, $1)", i)
        )
        assert rows <= PER_TRANSFER * len(ids), (known, name, rows)
        epoch = await lease(fresh, "r")
        name, rows = await most_read(fresh, lambda c=fresh, e=epoch: stamp(c, "r", e, 100))
        assert rows <= PER_TRANSFER * 100, (known, name, rows)
        await fresh.close()


async def test_deliveries_are_fetched_and_recorded_by_their_keys(
    db: asyncpg.Connection,
) -> None:
    """Before, each was looked for among all of its endpoint's: 1,400 a second instead of 7,000."""
    await young(db)
    await db.execute("select zerosum.create_endpoint(1, 'https://example.com', '{*}', $1)", SECRET)
    rnd, epoch = random.Random(2), await lease(db, "r")
    for _ in range(30):
        await post(db, *batch(rnd, 200))
        await stamp(db, "r", epoch)
    due = "select * from zerosum.next_deliveries(1, (select id from ledger.endpoints), 100, $1)"
    record = (
        "select zerosum.record_deliveries(1, (select id from ledger.endpoints),"
        " $1, $2, $3, $4, $5, $6, $7)"
    )
    # Thousands that wait for a retry, then those that the feed still has, then the first again.
    for turn, (after, outcome) in enumerate(((0, "pending"),) * 40 + ((0, "delivered"),) * 3):
        if turn in (20, 41, 42):
            await db.execute("vacuum" if turn < 42 else "analyze")
        name, rows = await most_read(db, lambda a=after: db.fetch(due, a))
        assert rows <= PER_TRANSFER * 100, (name, rows)
        (row,) = await db.fetch(due, after)
        seqs, fails = row["seqs"], outcome == "pending"
        told = ([outcome] * 100, [200] * 100, ["no" if fails else None] * 100, [1] * 100)
        given = (row["read_to"], seqs, *told, [3600.0 if fails else None] * 100)
        name, rows = await most_read(db, lambda g=given: db.fetch(record, *g))
        assert rows <= PER_TRANSFER * 100, (name, rows)
    tried = "select count(*) filter (where status = 'delivered'), count(*) from ledger.deliveries"
    assert [tuple(row) for row in await db.fetch(tried)] == [(300, 4300)]
    await lease(db, "r")
    name, rows = await most_read(db, lambda: lease(db, "r"))
    assert rows <= PER_TRANSFER, (name, rows)
    await db.execute("update ledger.deliveries set due_at = '-infinity' where status = 'pending'")
    for _ in range(3):
        name, rows = await most_read(db, lambda: db.fetch(due, 0))
        assert rows <= PER_TRANSFER * 100, (name, rows)
        (row,) = await db.fetch(due, 0)
        count = len(row["seqs"])
        assert count - row["fresh"] == 75
        nothing = [None] * count
        arrived = (["delivered"] * count, [200] * count, nothing, [1] * count, nothing)
        name, rows = await most_read(
            db, lambda t=arrived, s=row["seqs"]: db.fetch(record, 0, s, *t)
        )
        assert rows <= PER_TRANSFER * 100, (name, rows)
    assert [tuple(row) for row in await db.fetch(tried)] == [(550, 4325)]


@pytest.mark.parametrize("order", [("hold", "transfer"), ("transfer", "hold")], ids="-".join)
async def test_holds_captures_and_reversals_probe_their_keys(
    db: asyncpg.Connection, database_url: str, order: tuple[str, str]
) -> None:
    """Whichever came first while the tables were empty: both indexes of entries cost the same then."""
    rnd = random.Random(3)
    await young(db)
    for round_ in range(30):
        if round_ in (8, 18, 28):
            await db.execute(KNOWN[round_ // 10])
            fresh = await connect(database_url)
        # The first connection's plans are old by the end; the other's are made then.
        conn = fresh if round_ % 10 >= 8 else db
        moves = batch(rnd, BATCH)
        for kind in order:
            about_kind = "capture" if kind == "hold" else "reversal"
            made = [one.but(kind=kind) for one in moves]
            answers = await post(conn, *made)
            name, rows = await most_read(conn, lambda c=conn, m=made: post(c, *m))
            assert rows <= PER_TRANSFER * BATCH, (round_, name, rows)
            ids = [json.loads(body)["id"] for _, body in answers]
            moves = batch(rnd, BATCH)
            requests = [about(about_kind, number, amount="1") for number in ids]
            name, rows = await most_read(conn, lambda c=conn, r=requests: post(c, *r))
            assert rows <= PER_TRANSFER * BATCH, (round_, name, rows)
        if round_ % 10 == 9:
            await fresh.close()
    assert (
        await db.fetchval("select count(*) from ledger.hold_postings where status = 'captured'")
        == 30 * BATCH
    )


async def test_the_log_reads_tiles(db: asyncpg.Connection) -> None:
    """A proof in a large log reads a few tiles and at most a tile of leaves; so does a checkpoint."""
    await db.execute("analyze")
    await logged(db, 100_000)
    for statement in (
        "select zerosum.log_inclusion(1, 77777, 100000)",
        "select zerosum.log_inclusion(1, 99999, 100000)",
        "select zerosum.log_consistency(1, 77777, 100000)",
        "select * from zerosum.log_state(1)",
        "select zerosum.log_tile(1, 1, 1, 100)",
        "select zerosum.entry_bundle(1, 390, 100)",
    ):
        name, rows = await most_read(db, lambda s=statement: db.fetch(s))
        assert rows <= 1000, (statement, name, rows)


@pytest.mark.parametrize("known", KNOWN)
async def test_expiry_and_sinks_read_by_their_keys(
    db: asyncpg.Connection, database_url: str, known: str
) -> None:
    rnd = random.Random(4)
    await young(db)
    await db.execute("select zerosum.create_sink(1, 's', 'kafka://h/t', '{*}', 'beginning')")
    epoch = await lease(db, "r")
    later = datetime.now(UTC) + timedelta(days=1)
    for moves in batch(rnd, 4000), batch(rnd, BATCH):
        # The last of them expire while the planner looks around.
        expiry = later if len(moves) > BATCH else datetime.now(UTC) + timedelta(seconds=1)
        for n in range(0, len(moves), 200):
            await post(db, *(hold(*one.postings, expires_at=expiry) for one in moves[n : n + 200]))
            await stamp(db, "r", epoch)
    await db.execute(known)
    await asyncio.sleep(max(0, (expiry - datetime.now(UTC)).total_seconds() + 0.01))
    fresh = await connect(database_url)
    for conn in (db, fresh):
        for statement in (
            f"expire_holds(1, {BATCH // 4}, false)",
            "expire_holds(1, 1, true)",
            f"expire_holds(1, {BATCH // 4}, false)",
            "next_events(1, (select id from ledger.sinks), 100, 100000)",
            "record_sink(1, (select id from ledger.sinks), 0, 0, null)",
        ):
            name, rows = await most_read(
                conn, lambda c=conn, s=statement: c.fetch(f"select * from zerosum.{s}")
            )
            assert rows <= PER_TRANSFER * BATCH, (statement, name, rows)
    await fresh.close()
    settled = "select count(*) from ledger.hold_postings where status = 'expired'"
    assert await db.fetchval(settled) == BATCH


@pytest.mark.parametrize("known", KNOWN)
async def test_a_page_of_a_list_reads_that_page(db: asyncpg.Connection, known: str) -> None:
    """Wherever the page is: the last page of a long list too."""
    rnd = random.Random(5)
    await young(db)
    await db.execute("select zerosum.create_endpoint(1, 'https://example.com', '{*}', $1)", SECRET)
    epoch = await lease(db, "r")
    for _ in range(10):
        moves = batch(rnd, 300, hot=True)
        await post(db, *(one.but(kind=rnd.choice(("hold", "transfer"))) for one in moves))
        await stamp(db, "r", epoch)
    await db.execute(
        "insert into ledger.deliveries (ledger_id, endpoint_id, seq, status, attempts, due_at, settled_at)"
        " select 1, p.id, g, 'delivered', 1, now(), now() from ledger.endpoints p, generate_series(1, 3000) g"
    )
    await db.execute(known)
    lists = {
        "list_holds(1, {}, 10)": "select min(hold_id) from ledger.hold_postings",
        "list_transactions(1, {}, 10)": "select min(id) from ledger.transactions",
        "list_entries(1, 'hot', {}, 10)": "select 1",
        "list_deliveries(1, (select id from ledger.endpoints), {}, 10)": "select 1",
    }
    for call, first in lists.items():
        for before in ("null", await db.fetchval(first) + 10):
            name, rows = await most_read(
                db, lambda c=call, b=before: db.fetch(f"select * from zerosum.{c.format(b)}")
            )
            assert 10 <= rows <= PER_TRANSFER * 10, (call, before, name, rows)
    start = await db.fetchval("select min(id) from ledger.transactions") + 1500
    for call in (
        "list_wallets(1, 'w999', 10, 'w')",
        "list_events(1, 2500, 10)",
        f"verify_transactions(1, {start}, {start + 10})",
        f"verify_holds(1, {start}, {start + 10})",
        "verify_wallets(1, 'w1', 'w106')",
    ):
        name, rows = await most_read(db, lambda c=call: db.fetch(f"select * from zerosum.{c}"))
        assert rows <= PER_TRANSFER * 10, (call, name, rows)


@pytest.mark.parametrize("known", ["alone", "vacuum", "analyze"])
async def test_a_ledger_is_read_as_fast_beside_a_younger_one(
    db: asyncpg.Connection, known: str
) -> None:
    """Though the planner was told that every row is of this ledger, or believes that ledgers are
    evenly mixed: 20,000 younger rows of another ledger are not read."""
    rnd = random.Random(6)
    await young(db)
    await db.execute(
        "insert into ledger.wallets (ledger_id, id, asset, min_balance)"
        " select 2, id, asset, null from ledger.wallets"
    )
    for ledger, batches in ((1, 10), (2, 100)):
        for _ in range(batches):
            moves = [one.but(ref="r") for one in batch(rnd, 190)]
            held = [hold(*one.postings) for one in batch(rnd, 10)]
            await post(db, *moves, *held, ledger=ledger)
        if known == "alone" and ledger == 1:
            await db.execute("analyze")
    await db.execute(known if known != "alone" else "select")
    ends = await db.fetchrow("select min(id), max(id) from ledger.transactions where ledger_id = 1")
    assert ends is not None
    first, last = ends
    for call in (
        "list_transactions(1, null, 10)",
        f"list_transactions(1, {first + 100}, 10)",
        "list_holds(1, null, 10)",
        "search_transactions(1, null, 10, kind := 'transfer')",
        "search_transactions(1, null, 10, reference := 'r')",
        "search_transactions(1, null, 10, reference := 'none')",
        "search_transactions(1, null, 10, wallet := 'w1')",
        "search_transactions(1, null, 10, since := now() - interval '1 hour')",
        "transaction_at(1, now())",
        f"export_lines(1, 'transaction', '{last - 10}', 10)",
        f"verify_transactions(1, {last - 10}, {last})",
        "start_import('main')",
    ):
        name, rows = await most_read(db, lambda c=call: db.fetch(f"select * from zerosum.{c}"))
        assert rows <= 4 * PER_TRANSFER * 10, (call, name, rows)
