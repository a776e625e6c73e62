"""Wallets are frozen, unfrozen, closed and given other limits, each with its event, in races too."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import asyncpg
import pytest

from app.database.connections import call, connect
from tests.support.ledger import codes, counts, fund, lease, req, stamp, verify, wallets

ROUNDS = 25


async def change(db: asyncpg.Connection, function: str, id_: str, **given: Any) -> Any:
    """Return the wallet, or the code."""
    ((outcome, body),) = await call(db, function, ledger=1, id=id_, **given)
    told = json.loads(body)
    return told["code"] if outcome == "refused" else told


async def events(db: asyncpg.Connection) -> list[tuple[str, str]]:
    rows = await db.fetch(
        "select type, aggregateid, payload from ledger.outbox where aggregatetype = 'wallet' order by ord"
    )
    for row in rows:
        assert json.loads(row["payload"])["id"] == row["aggregateid"]
    return [(row["type"], row["aggregateid"]) for row in rows]


@pytest.fixture
async def three(db: asyncpg.Connection) -> asyncpg.Connection:
    await wallets(db, ("alice", "bob", "carol"))
    await fund(db, "alice", 100)
    return db


async def test_a_frozen_wallet_gives_nothing_and_receives_if_told(
    three: asyncpg.Connection,
) -> None:
    frozen = await change(three, "freeze_wallet", "alice")
    assert (frozen["status"], frozen["credits_while_frozen"]) == ("frozen", False)
    both = (req(("alice", "bob", 1)), req(("@world", "alice", 1)))
    assert await codes(three, *both) == ["wallet_frozen", "wallet_frozen"]
    assert (await change(three, "freeze_wallet", "alice", credits=True))["credits_while_frozen"]
    assert await codes(three, *both) == ["wallet_frozen", "posted"]
    assert (await change(three, "unfreeze_wallet", "alice"))["status"] == "open"
    assert await codes(three, *both) == ["posted", "posted"]
    # A second time changes nothing, so there is no event.
    await change(three, "unfreeze_wallet", "alice")
    assert [kind for kind, _ in await events(three)] == [
        "wallet.frozen",
        "wallet.frozen",
        "wallet.unfrozen",
    ]
    await stamp(three, "r", await lease(three, "r"))
    assert await verify(three) == []


async def test_only_an_empty_wallet_is_closed_and_for_ever(three: asyncpg.Connection) -> None:
    assert await change(three, "close_wallet", "alice") == "wallet_not_empty"
    assert (await change(three, "close_wallet", "bob"))["status"] == "closed"
    assert (await change(three, "close_wallet", "bob"))["status"] == "closed"
    assert await codes(three, req(("alice", "bob", 1)), req(("bob", "alice", 1))) == [
        "wallet_closed",
        "wallet_closed",
    ]
    for function in ("freeze_wallet", "unfreeze_wallet"):
        assert await change(three, function, "bob") == "wallet_closed"
    assert await change(three, "change_wallet", "bob", changes="{}") == "wallet_closed"
    await change(three, "freeze_wallet", "carol")
    assert (await change(three, "close_wallet", "carol"))["status"] == "closed"
    assert await events(three) == [
        ("wallet.closed", "bob"),
        ("wallet.frozen", "carol"),
        ("wallet.closed", "carol"),
    ]


async def test_limits_and_metadata_are_changed_when_the_balance_is_inside(
    three: asyncpg.Connection,
) -> None:
    changed = await change(
        three, "change_wallet", "alice", changes='{"min_balance":-50,"max_balance":"100"}'
    )
    assert (changed["min_balance"], changed["max_balance"]) == (-50, 100)
    assert (
        await codes(three, req(("alice", "bob", 150)), req(("@world", "bob", 1))) == ["posted"] * 2
    )
    for outside in ({"min_balance": 0}, {"min_balance": -49}):
        assert (
            await change(three, "change_wallet", "alice", changes=json.dumps(outside))
            == "balance_outside_limits"
        )
    assert (
        await change(three, "change_wallet", "bob", changes='{"max_balance":150}')
        == "balance_outside_limits"
    )
    told = await change(three, "change_wallet", "bob", changes='{"metadata":{"a":{"b":1}}}')
    assert (told["metadata"], told["max_balance"]) == ({"a": {"b": 1}}, None)
    free = await change(three, "change_wallet", "alice", changes='{"min_balance":null}')
    assert (free["min_balance"], free["max_balance"]) == (None, 100)
    await change(three, "change_wallet", "alice", changes='{"min_balance":null}')
    assert [kind for kind, _ in await events(three)] == ["wallet.changed"] * 3


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ("[]", "invalid_limits"),
        ("null", "invalid_limits"),
        ('{"balance":1}', "invalid_limits"),
        ('{"min_balance":1}', "invalid_limits"),
        ('{"max_balance":-1}', "invalid_limits"),
        ('{"min_balance":-1.5}', "invalid_limits"),
        ('{"min_balance":true}', "invalid_limits"),
        ('{"min_balance":"-0"}', "invalid_limits"),
        ('{"max_balance":' + "1" * 39 + "}", "invalid_limits"),
        ('{"metadata":[]}', "invalid_metadata"),
        ('{"metadata":null}', "invalid_metadata"),
        ('{"metadata":{"a":"' + "x" * 16384 + '"}}', "invalid_metadata"),
    ],
)
async def test_a_change_that_is_malformed_writes_nothing(
    three: asyncpg.Connection, changes: str, code: str
) -> None:
    before = await counts(three)
    assert await change(three, "change_wallet", "alice", changes=changes) == code
    assert await counts(three) == before


async def test_whose_wallet_it_is(three: asyncpg.Connection) -> None:
    await three.execute("select zerosum.create_wallet(1, '@fees', 'USD', admin => true)")
    for function in ("freeze_wallet", "unfreeze_wallet", "close_wallet"):
        assert await change(three, function, "nobody") == "unknown_wallet"
        assert await change(three, function, "no body") == "invalid_wallet_id"
        assert await change(three, function, "@fees") == "reserved_wallet_id"
        for admin in (False, True):
            assert await change(three, function, "@world:USD", admin=admin) == "reserved_wallet_id"
    assert (await change(three, "freeze_wallet", "@fees", admin=True))["status"] == "frozen"


@pytest.mark.parametrize("function", ["close_wallet", "freeze_wallet"])
async def test_a_race_with_a_credit_has_one_order(
    three: asyncpg.Connection, database_url: str, function: str
) -> None:
    """Either the credit came first, and a wallet that is not empty is not closed; or the credit was
    refused."""
    one, two = await connect(database_url), await connect(database_url)
    for n in range(ROUNDS):
        name = f"w{n}"
        await wallets(three, (name,))
        paid, told = await asyncio.gather(
            codes(one, req(("@world", name, 1))), change(two, function, name)
        )
        if function == "close_wallet":
            assert (paid, told if isinstance(told, str) else told["status"]) in (
                (["posted"], "wallet_not_empty"),
                (["wallet_closed"], "closed"),
            )
        else:
            assert told["status"] == "frozen"
            assert paid in (["posted"], ["wallet_frozen"])
            assert (paid == ["posted"]) == (told["posted"] == 1)
    await one.close()
    await two.close()
    assert await verify(three) == []


async def test_limits_in_a_race_with_a_debit_hold(
    three: asyncpg.Connection, database_url: str
) -> None:
    one, two = await connect(database_url), await connect(database_url)
    for n in range(ROUNDS):
        name = f"w{n}"
        await three.execute("select zerosum.create_wallet(1, $1, 'USD', null)", name)
        paid, told = await asyncio.gather(
            codes(one, req((name, "bob", 1))),
            change(two, "change_wallet", name, changes='{"min_balance":0}'),
        )
        assert (paid, told == "balance_outside_limits") in (
            (["posted"], True),
            (["insufficient_funds"], False),
        )
    await one.close()
    await two.close()
    assert await verify(three) == []
