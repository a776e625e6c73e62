"""Many wallets and deliveries, among which one is what a search wants."""

from __future__ import annotations

import asyncpg

MANY = 28_000  # Three pages of what a search looks at, the last one not full.


async def rare(db: asyncpg.Connection, endpoint: int) -> None:
    """Insert wallets w000001 to w028000, of which w025000 is of EUR and gold, and deliveries to the
    endpoint, one for each of as many events that are there: 5,000 is dead, 5,001 pending, 5,002
    dismissed, all others delivered."""
    await db.execute(
        "insert into ledger.wallets (ledger_id, id, asset, min_balance, metadata)"
        " select 1, 'w' || lpad(n::text, 6, '0'), case n when 25000 then 'EUR' else 'USD' end, null,"
        " case n when 25000 then '{\"tier\": \"gold\"}' else '{}' end::jsonb"
        " from generate_series(1, $1::int) n",
        MANY,
    )
    await db.execute(
        "insert into ledger.deliveries"
        " (ledger_id, endpoint_id, seq, status, attempts, due_at, settled_at)"
        " select 1, $1, n, case n when 5000 then 'dead' when 5001 then 'pending'"
        " when 5002 then 'dismissed' else 'delivered' end,"
        " 1, now() + interval '1 day', case when n <> 5001 then now() end"
        " from generate_series(1, $2::int) n",
        endpoint,
        MANY,
    )
