"""What several tests of the SQL core start from."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from app.database.connections import connect
from tests.support.ledger import fund, post, req, stamp_all, wallets
from tests.support.webhooks import SECRET


@pytest.fixture
async def links(database_url: str) -> AsyncIterator[list[asyncpg.Connection]]:
    opened = [await connect(database_url) for _ in range(6)]
    yield opened
    for link in opened:
        await link.close()


@pytest.fixture
async def long(db: asyncpg.Connection) -> asyncpg.Connection:
    """1,100 events of two types, with an endpoint and a sink that have read nothing."""
    await wallets(db, ("ann", "bob"))
    await fund(db, "ann", 5000)
    await db.execute("select zerosum.create_endpoint(1, 'https://example.com', '{*}', $1)", SECRET)
    await db.execute("select zerosum.create_sink(1, 's', 'kafka://h/t', '{*}', 'beginning')")
    await db.execute("update ledger.endpoints set sent_seq = 0")
    await db.execute("select zerosum.freeze_wallet(1, 'bob', true)")
    await db.execute("select zerosum.unfreeze_wallet(1, 'bob')")
    for number in range(11):
        many = [req(("ann", "bob", 1), description="ä")] * 100
        await post(db, *many[: 97 if number == 0 else 100])
    await stamp_all(db)
    assert await db.fetchval("select last_seq from ledger.feeds where ledger_id = 1") == 1100
    return db
