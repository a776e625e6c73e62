"""Each refusal has its code, in the order of precedence, and writes nothing."""

from __future__ import annotations

import json
from typing import Any

import asyncpg
import pytest

from tests.support.ledger import codes, counts, fund, post, raises, req, wallet, wallets

X = ("alice", "bob", 1)
REFUSALS = {
    "invalid_kind": [req(X, kind="loan"), req(X).but(kind=None)],
    "invalid_key": [req(X, key=k) for k in ("", "a\n", "é", "k" * 256, "\x7f", "a\x7f")],
    "invalid_postings": [
        req(kind="transaction"),
        req(X, X, kind="transfer"),
        req(*[X] * 101),
    ],
    "invalid_amount": [
        req(("alice", "bob", amount))
        for amount in (
            None,
            0,
            -1,
            "1.5",
            "1.0",
            "1e3",
            "NaN",
            "Infinity",
            "",
            "007",
            "9" * 39,
            " 1",
            "+1",
            "٣",
        )
    ],
    "invalid_wallet_id": [
        req(("al ice", "bob", 1)),
        req(("alice", "b" * 129, 1)),
        req((None, "bob", 1)),
        req(("", "bob", 1)),
        req(("alice", "é", 1)),
    ],
    "same_wallet": [
        req(("alice", "alice", 1)),
        req(("@world", "@world", 1)),
        req(X, ("bob", "bob", 1)),
        req(("@world:USD", "@world:USD", 1)),
    ],
    "invalid_reference": [req(X, ref="é" * 513)],
    "invalid_description": [req(X, description="d" * 1025)],
    "invalid_metadata": [
        req(X, metadata="[]"),
        req(X, metadata=json.dumps({"a": "x" * 16400})),
    ],
    "transaction_too_large": [req(*[("a" * 128, "b" * 128, 1)] * 100)],
    "unknown_wallet": [
        req(("nobody", "bob", 1)),
        req(("alice", "nobody", 1)),
        req(("@world", "nobody", 1)),
        req(("@world:XXX", "bob", 1)),
        req(("nobody", "nowhere", 1)),
    ],
    "asset_mismatch": [
        req(("alice", "eva", 1)),
        req(("@world:EUR", "bob", 1)),
        req(("eva", "@world:USD", 1)),
    ],
    "wallet_frozen": [req(("@world", "cold", 1)), req(("cold", "bob", 1))],
    "wallet_closed": [req(("@world", "gone", 1)), req(("gone", "bob", 1))],
    "insufficient_funds": [req(("alice", "bob", 1)), req(("owing", "bob", 51))],
    "max_balance_exceeded": [req(("@world", "small", 101))],
}


@pytest.fixture
async def peopled(db: asyncpg.Connection) -> asyncpg.Connection:
    await wallets(db, ("alice", "bob", "carol"))
    await wallet(db, "eva", "EUR")
    await wallet(db, "cold", status="frozen")
    await wallet(db, "gone", status="closed")
    await wallet(db, "small", max_balance=100)
    await wallet(db, "owing", min_balance=-50)
    await wallet(db, "deep", min_balance=None)
    return db


async def test_each_refusal_has_its_code_and_writes_nothing(peopled: asyncpg.Connection) -> None:
    before = await counts(peopled)
    for code, requests in REFUSALS.items():
        for request in requests:
            assert await codes(peopled, request) == [code], request
    assert await counts(peopled) == before


async def test_refusals_in_one_batch_are_those_of_one_by_one(peopled: asyncpg.Connection) -> None:
    before = await counts(peopled)
    batch = [(code, request) for code, requests in REFUSALS.items() for request in requests]
    assert await codes(peopled, *[request for _, request in batch]) == [code for code, _ in batch]
    assert await counts(peopled) == before


async def test_a_refusal_costs_its_neighbours_nothing(peopled: asyncpg.Connection) -> None:
    poor = req(X)
    batch = [poor, req(("@world", "alice", 5)), poor, req(("alice", "bob", 5))]
    assert await codes(peopled, *batch) == [
        "insufficient_funds",
        "posted",
        "posted",
        "insufficient_funds",
    ]


async def test_a_refusal_for_a_limit_tells_the_available_amount(
    peopled: asyncpg.Connection,
) -> None:
    await fund(peopled, "alice", 750)
    ((_, poor), (_, full)) = await post(
        peopled, req(("alice", "bob", 1000)), req(("@world", "small", 101))
    )
    assert json.loads(poor) == {
        "code": "insufficient_funds",
        "wallet": "alice",
        "asset": "USD",
        "posted": 750,
        "held": 0,
        "available": 750,
        "would_be": -250,
        "min_balance": 0,
    }
    assert json.loads(full)["max_balance"] == 100


async def test_arrays_of_different_lengths_are_refused_whole(db: asyncpg.Connection) -> None:
    nothing = "zerosum.post(1, '{}', '{}', '{}', '{}', '{}', '{}')"
    assert await db.fetch(f"select * from {nothing}") == []
    one_key_too_many = "zerosum.post(1, '{transfer}', '{a,b}', '{1}', '{a}', '{b}', '{1}')"
    await raises("22023", db.fetch(f"select * from {one_key_too_many}"))


async def test_balances_stay_below_38_digits_but_the_worlds(peopled: asyncpg.Connection) -> None:
    big = "9" * 38
    assert await codes(peopled, req(("@world", "deep", big)), req(("@world", "deep", 1))) == [
        "posted",
        "balance_overflow",
    ]
    down = req(("deep", "@world", big))
    assert await codes(peopled, down, down, req(("deep", "@world", 1))) == [
        "posted",
        "posted",
        "balance_overflow",
    ]
    up = [req(("@world", name, big)) for name in ("bob", "carol")]
    assert await codes(peopled, *up) == ["posted", "posted"]
    assert await peopled.fetchval(
        "select posted from ledger.wallets where id = '@world:USD'"
    ) == -int(big)


@pytest.mark.parametrize(
    ("call", "sqlstate", "code"),
    [
        ("transfer(1, 'alice', 'bob', null)", "ZS104", "invalid_amount"),
        ("transfer(1, 'alice', 'bob', 'NaN')", "ZS104", "invalid_amount"),
        ("transfer(1, 'alice', 'bob', 1.5)", "ZS104", "invalid_amount"),
        ("transfer(1, 'alice', 'bob', -2)", "ZS104", "invalid_amount"),
        ("transfer(1, 'alice', 'bob', 0)", "ZS104", "invalid_amount"),
        ("transfer(1, 'alice', 'bob', 'Infinity')", "ZS104", "invalid_amount"),
        ("transfer(1, 'alice', 'alice', 1)", "ZS106", "same_wallet"),
        ("credit(1, 'cold', 1)", "ZS203", "wallet_frozen"),
        ("debit(1, 'alice', 1000)", "ZS205", "insufficient_funds"),
        ("transfer(1, 'a b', 'bob', 1)", "ZS105", "invalid_wallet_id"),
        ("transfer(9, 'alice', 'bob', 1)", "ZS201", "unknown_wallet"),
        ("transfer(null, 'alice', 'bob', 1)", "ZS201", "unknown_wallet"),
        ("credit(1, null, 1)", "ZS105", "invalid_wallet_id"),
        ("transfer(1, 'alice', 'bob', 1, e'\\x7fk')", "ZS102", "invalid_key"),
    ],
)
async def test_the_verbs_refuse_by_an_error_of_class_zs(
    peopled: asyncpg.Connection, call: str, sqlstate: str, code: str
) -> None:
    before = await counts(peopled)
    error: Any = await raises(sqlstate, peopled.fetch(f"select * from zerosum.{call}"))
    assert json.loads(error.detail)["code"] == code
    assert await counts(peopled) == before


async def test_a_verb_is_part_of_its_callers_transaction(peopled: asyncpg.Connection) -> None:
    before = await counts(peopled)
    transaction = peopled.transaction()
    await transaction.start()
    kind = "select transaction->>'kind' from zerosum.credit(1, 'alice', 7)"
    assert await peopled.fetchval(kind) == "credit"
    assert (await counts(peopled))["outbox"] == before["outbox"] + 1
    await transaction.rollback()
    assert await counts(peopled) == before
