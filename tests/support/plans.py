"""How much a statement reads of each table and index, and wallets to move value between."""

from __future__ import annotations

import random
from typing import Any

import asyncpg

from tests.support.ledger import req

WALLETS = 1000


PER_TRANSFER = 8  # What post() may read of one table or index for each transfer of a batch.


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
    """Return the table or index of which the statement reads most, and how many rows or index
    entries."""
    await conn.execute("select pg_stat_force_next_flush()")
    transaction = conn.transaction()
    await transaction.start()
    await statement()
    rows = await conn.fetch(READS)
    await transaction.commit()
    return max(
        ((row["relname"], row["returned"] + row["fetched"]) for row in rows), key=lambda x: x[1]
    )
