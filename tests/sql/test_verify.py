"""zerosum.verify finds every kind of tampering that a superuser can commit."""

from __future__ import annotations

import asyncpg
import pytest

from tests.ledger import codes, fund, lease, req, stamp, verify, wallets

NEWEST = "(select max(transaction_id) from ledger.entries)"
DISABLE = "".join(
    f"alter table ledger.{table} disable trigger all;"
    for table in ("entries", "wallets", "events", "transactions", "outbox")
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


@pytest.mark.parametrize(
    ("fault", "statement"),
    [
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
    ],
)
async def test_a_changed_row_is_found(busy: asyncpg.Connection, fault: str, statement: str) -> None:
    await busy.execute(f"begin; {DISABLE}")
    assert await busy.execute(statement) != "UPDATE 0"
    assert fault in {kind for kind, _, _ in await verify(busy)}
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
