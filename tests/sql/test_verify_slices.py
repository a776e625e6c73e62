"""zerosum.verify goes slice by slice: a fault is found in any slice, and a long run reports its
progress."""

from __future__ import annotations

import random

import asyncpg
import pytest

from app.cli.verify import NOTICE
from tests.support.command import zerosum
from tests.support.faults import DISABLE
from tests.support.ledger import lease, post, stamp, verify
from tests.support.plans import WALLETS, batch

SLICE = 5000


async def fill(db: asyncpg.Connection) -> None:
    """Make more than two slices of everything; the last events wait in the outbox."""
    await db.execute(
        "insert into ledger.wallets (ledger_id, id, asset, min_balance)"
        " select 1, 'w' || g, 'USD', null from generate_series(0, $1::int - 1) g",
        WALLETS,
    )
    rnd, epoch = random.Random(1), await lease(db, "r")
    for _ in range(52):
        await post(db, *batch(rnd, 200))
        if _ < 51:
            await stamp(db, "r", epoch)


@pytest.mark.slow
async def test_a_fault_in_any_slice_is_found(db: asyncpg.Connection, database_url: str) -> None:
    await fill(db)
    # The command draws its progress from these.
    told: list[str] = []
    db.add_log_listener(lambda _, said: told.append(said.message))
    assert await verify(db) == []
    assert "wallets: 500 looked at" in told
    found = [NOTICE.fullmatch(one) for one in told]
    assert None not in found
    assert {one[1] for one in found if one} >= {"wallets", "events"}
    code, said = await zerosum(database_url, "verify")
    assert code == 0, said
    ((first, last),) = await db.fetch("select min(id), max(id) from ledger.transactions")
    for n in (first, first + SLICE, last):
        for kind, statement in (
            ("entry", "update ledger.entries set balance = balance + 1 where transaction_id = $1"),
            ("transaction", "delete from ledger.transactions where id = $1"),
            ("event", "delete from ledger.events where transaction_id = $1"),
            ("event", "delete from ledger.outbox where transaction_id = $1"),
        ):
            undo = db.transaction()
            await undo.start()
            await db.execute(DISABLE)
            if await db.execute(statement, n) != "DELETE 0":
                assert kind in {fault for fault, _, _ in await verify(db)}, (n, statement)
            await undo.rollback()
    for edge in ("w0", "w449", "w450", "w999"):
        undo = db.transaction()
        await undo.start()
        await db.execute(DISABLE)
        await db.execute("update ledger.wallets set posted = posted + 1 where id = $1", edge)
        assert [(kind, name) for kind, name, _ in await verify(db) if kind != "trigger"] == [
            ("wallet", edge)
        ]
        await undo.rollback()
    # A whole slice of events is gone: each of the others still follows the one before within its
    # slice.
    undo = db.transaction()
    await undo.start()
    await db.execute(DISABLE)
    await db.execute("delete from ledger.events where seq between 1 and $1", SLICE)
    assert "feed" in {kind for kind, _, _ in await verify(db)}
    await undo.rollback()
