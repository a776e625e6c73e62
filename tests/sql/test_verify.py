"""zerosum.verify finds every kind of tampering that a superuser can commit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from tests.support.faults import DISABLE, NEWEST
from tests.support.ledger import (
    about,
    codes,
    fund,
    hold,
    lease,
    post,
    posted,
    req,
    stamp,
    stamp_all,
    verify,
    wallets,
)


@pytest.fixture
async def busy(db: asyncpg.Connection) -> asyncpg.Connection:
    await wallets(db, ("m1", "m2"))
    await fund(db, "m1", 1000)
    for i in range(10):
        assert await codes(db, req(("m1", "m2", i + 1), ("m2", "m1", 1))) == ["posted"]
    assert await stamp(db, "r", await lease(db, "r"), 8) == 8
    assert await verify(db) == []
    assert await verify(db, 2) == []
    return db


CHANGED_ROWS = [
    ("wallet", "update ledger.wallets set posted = posted + 1 where id = 'm1'"),
    ("wallet", "update ledger.wallets set version = version + 1 where id = 'm1'"),
    ("wallet", "update ledger.wallets set recorded_at = now() where id = 'm1'"),
    ("wallet", "delete from ledger.wallets where id = 'm1'"),
    ("entry", f"update ledger.entries set amount = amount * 2 where transaction_id = {NEWEST}"),
    (
        "entry",
        f"update ledger.entries set balance = balance + 1 where transaction_id = {NEWEST}",
    ),
    ("transaction", f"delete from ledger.entries where transaction_id = {NEWEST}"),
    ("asset", f"delete from ledger.entries where transaction_id = {NEWEST} and amount > 0"),
    ("transaction", f"delete from ledger.transactions where id = {NEWEST}"),
    ("event", f"update ledger.transactions set reference = 'x' where id = {NEWEST}"),
    ("event", "delete from ledger.events where seq = 7"),
    ("event", "delete from ledger.outbox where ord = (select max(ord) from ledger.outbox)"),
    ("event", "update ledger.events set leaf = sha256('x') where seq = 7"),
    (
        "event",
        "update ledger.events set body = replace(body, '\"amount\":', '\"amount\":1') where seq = 7",
    ),
    ("feed", "delete from ledger.events where seq = (select max(seq) from ledger.events)"),
]


async def test_a_changed_row_is_found(busy: asyncpg.Connection) -> None:
    for fault, statement in CHANGED_ROWS:
        await busy.execute(f"begin; {DISABLE}")
        assert await busy.execute(statement) != "UPDATE 0", statement
        assert fault in {kind for kind, _, _ in await verify(busy)}, statement
        await busy.execute("rollback")
    assert await verify(busy) == []


@pytest.mark.parametrize(
    "statement",
    [
        "drop trigger entries_append on ledger.entries",
        "alter table ledger.entries enable trigger entries_balance",
        "alter table ledger.wallets disable trigger wallets_account",
        "create trigger more before insert on ledger.entries execute function ledger.refuse()",
        "create or replace function ledger.refuse() returns trigger language plpgsql as 'begin return null; end'",
        "alter function ledger.entries_balance() set search_path = public",
    ],
)
async def test_a_changed_trigger_is_found(busy: asyncpg.Connection, statement: str) -> None:
    await busy.execute(f"begin; {statement}")
    assert {kind for kind, _, _ in await verify(busy)} == {"trigger"}
    await busy.execute("rollback")
    assert await verify(busy) == []


CHANGED_HOLDS = [
    ("wallet", "update ledger.wallets set held = held + 1 where id = 'm1'"),
    ("wallet", "update ledger.wallets set next_expiry = null where id = 'm1'"),
    ("wallet", "update ledger.wallets set floor_debt = 1 where id = 'm1'"),
    ("wallet", "update ledger.hold_postings set held = held - 1 where held > 0"),
    ("hold", "update ledger.hold_postings set captured = captured - 1 where held > 0"),
    (
        "hold",
        "update ledger.hold_postings set status = 'voided', settled_at = now(), held = 0, due_at = null",
    ),
    (
        "hold",
        "update ledger.hold_postings set status = 'expired', settled_at = now(), held = 0, due_at = null",
    ),
    ("hold", "update ledger.hold_postings set expires_at = now()"),
    ("hold", "update ledger.hold_postings set due_at = now() where status = 'pending'"),
    ("hold", "delete from ledger.hold_postings"),
    ("hold", "delete from ledger.transactions where kind = 'hold'"),
    ("reversal", "update ledger.reversed_postings set reversed = reversed + 1"),
    ("reversal", "delete from ledger.reversed_postings"),
    ("transaction", "update ledger.transactions set kind = 'transfer' where kind = 'hold'"),
]


async def test_a_changed_hold_or_reversal_is_found(busy: asyncpg.Connection) -> None:
    later = datetime.now(UTC) + timedelta(days=1)
    held = await posted(busy, hold(("m1", "m2", 50), expires_at=later))
    await posted(busy, about("capture", held["id"], amount="20"))
    paid = await posted(busy, req(("m1", "m2", 9)))
    await posted(busy, about("reversal", paid["id"], amount="4"))
    assert await verify(busy) == []
    for fault, statement in CHANGED_HOLDS:
        await busy.execute(f"begin; {DISABLE}")
        assert await busy.execute(statement) not in {"UPDATE 0", "DELETE 0"}, statement
        assert fault in {kind for kind, _, _ in await verify(busy)}, statement
        await busy.execute("rollback")


CHANGED_TILES = [
    "update ledger.tiles set root = sha256('x') where number = 1",
    "update ledger.tiles set hashes = set_byte(hashes, 5000, 1 + get_byte(hashes, 5000) % 200)",
    "delete from ledger.tiles where number = 0",
    "delete from ledger.tiles where number = 1",
    "insert into ledger.tiles select 1, 1, 0, root, hashes from ledger.tiles limit 1",
]


async def test_a_changed_tile_is_found(busy: asyncpg.Connection) -> None:
    for _ in range(3):
        await post(busy, *[req(("m1", "m2", 1))] * 180)
    await stamp_all(busy)
    assert await verify(busy) == []
    for statement in CHANGED_TILES:
        await busy.execute(f"begin; {DISABLE}")
        assert await busy.execute(statement) not in {"UPDATE 0", "DELETE 0"}, statement
        assert {kind for kind, _, _ in await verify(busy)} == {"log", "trigger"}, statement
        await busy.execute("rollback")
