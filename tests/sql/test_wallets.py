"""Creating and reading wallets, and their entries."""

from __future__ import annotations

import json
from typing import Any

import asyncpg
import pytest

from app.database.connections import call
from tests.support.ledger import MAIN, codes, counts, fund, req


async def create(db: asyncpg.Connection, **arguments: Any) -> tuple[str, dict[str, Any]]:
    (row,) = await call(db, "create_wallet", ledger=MAIN, **{"asset": "USD", **arguments})
    return row["outcome"], json.loads(row["body"])


async def test_a_wallet_is_made_once_and_found_by_the_same_request(db: asyncpg.Connection) -> None:
    arguments = {"id": "user:42", "min_balance": "-50", "max_balance": "9", "metadata": '{"a": 1}'}
    outcome, body = await create(db, **arguments)
    assert outcome == "created"
    created_at = body.pop("created_at")
    assert created_at.endswith("Z")
    assert body == {
        "id": "user:42",
        "asset": "USD",
        "posted": 0,
        "held": 0,
        "available": 0,
        "min_balance": -50,
        "max_balance": 9,
        "floor_debt": 0,
        "metadata": {"a": 1},
        "version": 0,
        "status": "open",
        "credits_while_frozen": False,
    }
    assert await create(db, **arguments) == ("exists", body | {"created_at": created_at})
    for change in (
        {"asset": "EUR"},
        {"min_balance": None},
        {"max_balance": None},
        {"metadata": "{}"},
    ):
        outcome, body = await create(db, **{**arguments, **change})
        assert (outcome, body["code"]) == ("refused", "wallet_exists")


async def test_a_wallet_without_an_id_gets_one(db: asyncpg.Connection) -> None:
    made = [(await create(db, id=None))[1]["id"] for _ in range(2)]
    assert len(set(made)) == 2


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        ("invalid_wallet_id", {"id": "a b"}),
        ("invalid_wallet_id", {"id": ""}),
        ("invalid_wallet_id", {"id": "é"}),
        ("invalid_wallet_id", {"id": "a" * 129}),
        ("reserved_wallet_id", {"id": "@world"}),
        ("reserved_wallet_id", {"id": "@world:USD", "admin": True}),
        ("reserved_wallet_id", {"id": "@fees"}),
        ("unknown_asset", {"id": "a", "asset": "XXX"}),
        ("unknown_asset", {"id": "a", "asset": None}),
        ("invalid_limits", {"id": "a", "min_balance": "1"}),
        ("invalid_limits", {"id": "a", "max_balance": "-1"}),
        ("invalid_limits", {"id": "a", "min_balance": "-1.5"}),
        ("invalid_limits", {"id": "a", "min_balance": "NaN"}),
        ("invalid_limits", {"id": "a", "min_balance": "-" + "9" * 39}),
        ("invalid_metadata", {"id": "a", "metadata": "[]"}),
        ("invalid_metadata", {"id": "a", "metadata": None}),
        ("invalid_metadata", {"id": "a", "metadata": json.dumps({"a": "x" * 16384})}),
    ],
)
async def test_each_refusal_has_its_code_and_makes_nothing(
    db: asyncpg.Connection, code: str, arguments: dict[str, Any]
) -> None:
    before = await counts(db)
    outcome, body = await create(db, **arguments)
    assert (outcome, body["code"]) == ("refused", code)
    assert await counts(db) == before


async def test_an_operators_wallet_is_made_by_an_admin(db: asyncpg.Connection) -> None:
    assert (await create(db, id="@fees", admin=True))[0] == "created"


async def test_entries_are_listed_newest_first(db: asyncpg.Connection) -> None:
    for name in ("alice", "bob"):
        await create(db, id=name)
    await fund(db, "alice", 10)
    assert await codes(db, req(("alice", "bob", 4)), req(("alice", "bob", 1))) == ["posted"] * 2
    rows = await call(db, "list_entries", ledger=MAIN, wallet="alice", before=None, max=2)
    entries = [json.loads(row["body"]) for row in rows]
    assert [(e["version"], e["amount"], e["balance"]) for e in entries] == [(3, -1, 5), (2, -4, 6)]
    rows = await call(db, "list_entries", ledger=MAIN, wallet="alice", before=2, max=2)
    assert [row["version"] for row in rows] == [1]


async def test_a_ledger_begins_with_the_currencies_of_iso_4217(db: asyncpg.Connection) -> None:
    rows = await db.fetch("select code, scale from ledger.assets where ledger_id = 1")
    scales = {row["code"]: row["scale"] for row in rows}
    assert len(scales) > 150
    assert [scales[code] for code in ("USD", "EUR", "JPY", "KWD")] == [2, 2, 0, 3]
    assert await db.fetchval("select zerosum.create_ledger('main')") == MAIN
