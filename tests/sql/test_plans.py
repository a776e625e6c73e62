"""Tables analysed while empty, then filled: every statement still probes its keys.

What is counted is what the server counts: rows and index entries that one batch reads, by the session's statistics
since they were last flushed. A plan that reads a ledger, a wallet or a table for each batch reads thousands here.
"""

from __future__ import annotations

import random
from typing import Any

import asyncpg

from app.db import connect
from tests.ledger import lease, post, req, stamp

WALLETS = 1000
BATCH = 100
PER_TRANSFER = 8  # What post() reads of any one table or index, at most, per transfer of a batch.

READS = """
select c.relname, pg_stat_get_xact_tuples_returned(c.oid) as returned,
    pg_stat_get_xact_tuples_fetched(c.oid) as fetched
from pg_class c
where c.relnamespace = 'ledger'::regnamespace and c.relkind in ('r', 'i')
"""


def batch(rnd: random.Random, size: int, hot: bool = False) -> list[Any]:
    requests = []
    for _ in range(size):
        source, destination = rnd.sample(range(WALLETS), 2)
        requests.append(
            req(("hot" if hot else f"w{source}", f"w{destination}", 1), key=f"{rnd.random()}")
        )
    return requests


async def most_read(conn: asyncpg.Connection, statement: Any) -> tuple[str, int]:
    """The table or index of which the statement reads most, and how many rows or index entries."""
    await conn.execute("select pg_stat_force_next_flush()")
    transaction = conn.transaction()
    await transaction.start()
    await statement()
    rows = await conn.fetch(READS)
    await transaction.commit()
    return max(
        ((row["relname"], row["returned"] + row["fetched"]) for row in rows), key=lambda x: x[1]
    )


async def test_every_statement_probes_its_key(db: asyncpg.Connection, database_url: str) -> None:
    rnd = random.Random(1)
    await db.execute("analyze")
    await db.execute(
        "insert into ledger.wallets (ledger_id, id, asset, min_balance)"
        " select 1, 'w' || g, 'USD', null from generate_series(0, $1::int - 1) g",
        WALLETS,
    )
    await db.execute(
        "insert into ledger.wallets (ledger_id, id, asset, min_balance) values (1, 'hot', 'USD', null)"
    )
    for _ in range(100):
        await post(db, *batch(rnd, 200))
    fresh = await connect(database_url)
    for conn in (db, fresh):
        for hot in (False, True):
            name, rows = await most_read(conn, lambda c=conn, h=hot: post(c, *batch(rnd, BATCH, h)))
            assert rows <= PER_TRANSFER * BATCH, (name, rows)
    ids = [r["id"] for r in await fresh.fetch("select id from ledger.transactions limit 50")]
    name, rows = await most_read(
        fresh, lambda: fresh.fetch("select * from zerosum.answer(1, $1)", ids)
    )
    assert rows <= PER_TRANSFER * len(ids), (name, rows)
    epoch = await lease(fresh, "r")
    name, rows = await most_read(fresh, lambda: stamp(fresh, "r", epoch, 100))
    assert rows <= PER_TRANSFER * 100, (name, rows)
    await fresh.close()


async def test_deliveries_are_fetched_and_recorded_by_their_keys(
    db: asyncpg.Connection,
) -> None:
    """Once each was looked for among all of its endpoint's: 1,400 a second instead of 7,000."""
    await db.execute("analyze")
    await db.execute(
        "insert into ledger.wallets (ledger_id, id, asset, min_balance)"
        " select 1, 'w' || g, 'USD', null from generate_series(0, $1::int - 1) g",
        WALLETS,
    )
    await db.execute(
        "select zerosum.create_endpoint(1, 'https://example.com', '{*}', $1)", bytes(32)
    )
    rnd, epoch = random.Random(2), await lease(db, "r")
    for _ in range(30):
        await post(db, *batch(rnd, 200))
        await stamp(db, "r", epoch)
    due = "select * from zerosum.due_deliveries(1, (select id from ledger.endpoints), 100)"
    finish = "select zerosum.finish_deliveries(1, (select id from ledger.endpoints), $1, $2, $3, $4, $5, $6)"
    for _ in range(3):
        name, rows = await most_read(db, lambda: db.fetch(due))
        assert rows <= PER_TRANSFER * 100, (name, rows)
        seqs = [row["seq"] for row in await db.fetch(due)]
        told = (seqs, ["delivered"] * 100, [200] * 100, [None] * 100, [1] * 100, [None] * 100)
        name, rows = await most_read(db, lambda t=told: db.fetch(finish, *t))
        assert rows <= PER_TRANSFER * 100, (name, rows)
    assert (
        await db.fetchval("select count(*) from ledger.deliveries where status = 'delivered'")
        == 300
    )
