"""The relay settles holds that have expired, each once, with its event, past locked wallets."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from app.database.connections import connect
from tests.relay.conftest import RunRelay
from tests.support.ledger import codes, fund, hold, verify, wallets
from tests.support.receiver import Receiver
from tests.support.webhooks import subscribe


@pytest.mark.slow
async def test_expired_holds_are_told(
    db: asyncpg.Connection, database_url: str, run_relay: RunRelay, receiver: Receiver
) -> None:
    await wallets(db, ("ann", "bob", "shop"))
    await fund(db, "ann", 100)
    await fund(db, "bob", 100)
    soon = datetime.now(UTC) + timedelta(milliseconds=300)
    assert (
        await codes(
            db,
            hold(("ann", "shop", 10), expires_at=soon),
            hold(("bob", "shop", 10), expires_at=soon),
            hold(("bob", "shop", 10)),
        )
        == ["posted"] * 3
    )
    await subscribe(db, receiver.url, types=("hold.expired",))
    other = await connect(database_url)
    async with run_relay():
        async with other.transaction():
            await other.execute("select from ledger.wallets where id = 'ann' for update")
            await receiver.until(1)
            await asyncio.sleep(1.5)
            assert len(receiver.got) == 1
        told = [json.loads(one.body)["data"] for one in await receiver.until(2)]
    await other.close()
    assert [(t["status"], t["remaining"], t["postings"][0]["source"]) for t in told] == [
        ("expired", 0, "bob"),
        ("expired", 0, "ann"),
    ]
    assert await db.fetchval("select sum(held) from ledger.wallets") == 10
    assert await verify(db) == []
