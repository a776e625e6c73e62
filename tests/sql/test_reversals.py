"""Reversals: whole, in parts, up to what was moved; forced below the floor."""

from __future__ import annotations

import json

import asyncpg
import pytest

from app.database.connections import call
from tests.support.ledger import (
    MAIN,
    about,
    codes,
    fund,
    hold,
    lease,
    post,
    posted,
    req,
    stamp,
    verify,
    wallet,
    wallets,
)


@pytest.fixture
async def paid(db: asyncpg.Connection) -> asyncpg.Connection:
    await wallets(db, ("ann", "bob", "eva"))
    await fund(db, "ann", 1000)
    return db


async def balance(db: asyncpg.Connection, name: str) -> tuple[int, int]:
    row = await db.fetchrow("select posted, floor_debt from ledger.wallets where id = $1", name)
    assert row is not None
    return int(row["posted"]), int(row["floor_debt"])


async def test_reversed_whole(paid: asyncpg.Connection) -> None:
    told = await posted(paid, req(("ann", "bob", 300), ("bob", "eva", 100)))
    request = about("reversal", told["id"], "r")
    ((_, body),) = await post(paid, request)
    back = json.loads(body)
    assert (back["kind"], back["reverses"], back["forced"]) == ("reversal", told["id"], [])
    assert [(p["source"], p["destination"], p["amount"]) for p in back["postings"]] == [
        ("bob", "ann", 300),
        ("eva", "bob", 100),
    ]
    assert await post(paid, request) == [("replayed", body)]
    assert await codes(paid, about("reversal", told["id"]), about("reversal", back["id"])) == [
        "reversal_exceeded",
        "not_reversible",
    ]
    assert await balance(paid, "ann") == (1000, 0)
    ((read,),) = await call(paid, "read_transaction", ledger=MAIN, id=told["id"])
    assert json.loads(read)["reversed_by"] == [back["id"]]
    assert await verify(paid) == []


async def test_reversed_in_parts_in_one_batch(paid: asyncpg.Connection) -> None:
    number = (await posted(paid, req(("ann", "bob", 300))))["id"]
    assert await codes(
        paid,
        about("reversal", number, amount="100"),
        about("reversal", number, amount="201"),
        about("reversal", number, amount="150"),
        about("reversal", number),
        about("reversal", number),
    ) == ["posted", "reversal_exceeded", "posted", "posted", "reversal_exceeded"]
    assert await balance(paid, "bob") == (0, 0)
    assert await verify(paid) == []


async def test_some_postings_reversed(paid: asyncpg.Connection) -> None:
    number = (await posted(paid, req(("ann", "bob", 300), ("ann", "eva", 200))))["id"]
    assert await codes(
        paid,
        about("reversal", number, amount="1"),
        about("reversal", number, postings=[{"posting": 3}]),
        about("reversal", number, postings=[{"posting": 2, "amount": "201"}]),
        about("reversal", number, postings=[{"posting": 2, "amount": "50"}]),
        about("reversal", number, postings=[{"posting": 2, "destination": "eva"}]),
        about("reversal", number),
        about("reversal", number, postings=[{"posting": 1}]),
    ) == [
        "invalid_postings",
        "invalid_postings",
        "reversal_exceeded",
        "posted",
        "invalid_postings",
        "posted",
        "reversal_exceeded",
    ]
    assert await balance(paid, "ann") == (1000, 0)
    assert await verify(paid) == []


async def test_a_capture_is_reversed_and_a_hold_is_not(paid: asyncpg.Connection) -> None:
    held = (await posted(paid, hold(("ann", "bob", 300))))["id"]
    taken = (await posted(paid, about("capture", held, amount="200", final=True)))["id"]
    other = (await posted(paid, hold(("ann", "bob", 1))))["id"]
    void = (await posted(paid, about("void", other)))["id"]
    assert await codes(paid, *(about("reversal", number) for number in (held, void, taken))) == [
        "not_reversible",
        "not_reversible",
        "posted",
    ]
    assert await balance(paid, "ann") == (1000, 0)
    assert await codes(paid, about("reversal", 999), about("capture", taken)) == [
        "unknown_transaction",
        "unknown_hold",
    ]
    assert await verify(paid) == []


async def test_forced_below_the_floor(paid: asyncpg.Connection) -> None:
    number = (await posted(paid, req(("ann", "bob", 300))))["id"]
    assert await codes(paid, req(("bob", "eva", 250))) == ["posted"]
    assert await codes(paid, about("reversal", number)) == ["insufficient_funds"]
    told = await posted(paid, about("reversal", number, force=True))
    assert told["forced"] == [{"wallet": "bob", "floor_debt": 250}]
    assert await balance(paid, "bob") == (-250, 250)
    assert await verify(paid) == []
    # The wallet may go no lower, and what comes in reduces its debt for good.
    assert await codes(
        paid,
        req(("bob", "eva", 1)),
        hold(("bob", "eva", 1)),
        req(("eva", "bob", 100)),
        req(("bob", "eva", 1)),
    ) == ["insufficient_funds", "insufficient_funds", "posted", "insufficient_funds"]
    assert await balance(paid, "bob") == (-150, 150)
    assert await codes(paid, req(("ann", "bob", 160)), req(("bob", "eva", 11))) == [
        "posted",
        "insufficient_funds",
    ]
    assert await balance(paid, "bob") == (10, 0)
    assert await codes(paid, req(("bob", "eva", 10))) == ["posted"]
    assert await verify(paid) == []


async def test_nobody_is_forced_below_what_a_balance_can_be(paid: asyncpg.Connection) -> None:
    """Neither by the second of two in one call nor by a later one."""
    much = 9 * 10**37
    for name in ("ben", "tom"):
        await wallet(paid, name, min_balance=None)
    numbers = []
    for giver in ("ben", "tom"):
        numbers.append((await posted(paid, req((giver, "bob", much))))["id"])
        assert await codes(paid, req(("bob", giver, much))) == ["posted"]
    answers = await post(paid, *(about("reversal", number, force=True) for number in numbers))
    assert [outcome for outcome, _ in answers] == ["posted", "refused"]
    told = json.loads(answers[1][1])
    assert (told["code"], told["would_be"]) == ("insufficient_funds", -2 * much)
    assert await codes(paid, about("reversal", numbers[1], force=True)) == ["insufficient_funds"]
    assert await balance(paid, "bob") == (-much, much)
    assert await verify(paid) == []


async def test_the_event_of_the_largest_forced_reversal_can_be_stamped(
    db: asyncpg.Connection,
) -> None:
    """`forced` counts too: a body that is refused at stamping would stop the feed."""
    asset, most = "A" * 32, 10**36 - 1
    await call(db, "create_asset", ledger=MAIN, code=asset, scale=0)
    names = [f"{'n' * 36}{i:02}" for i in range(100)]
    for name in ("shop", *names):
        await wallet(db, name, asset)
    texts = {"ref": "\x01" * 1024, "description": "\x02" * 1024}
    seen = set()
    for size in (100, 85, 60):
        await wallet(db, f"b{size}", asset, min_balance=None)
        told = await posted(db, req(*[(f"b{size}", name, most) for name in names[:size]]))
        await posted(db, req(*[(name, "shop", most) for name in names[:size]]))
        request = about("reversal", told["id"], force=True).but(key='"' * (155 + size), **texts)
        ((outcome, body),) = await post(db, request)
        assert outcome == "posted" or json.loads(body)["code"] == "transaction_too_large"
        seen.add(outcome)
        await posted(db, req(*[("shop", name, most) for name in names[:size]]))
    await stamp(db, "r", await lease(db, "r"))
    assert seen == {"posted", "refused"}
    assert await verify(db) == []


async def test_limits_of_a_wallet_below_its_floor(paid: asyncpg.Connection) -> None:
    number = (await posted(paid, req(("ann", "bob", 300))))["id"]
    await posted(paid, req(("bob", "eva", 300)))
    await posted(paid, about("reversal", number, force=True))
    assert await change(paid, {"max_balance": "500"}) == "done"
    assert await change(paid, {"min_balance": "-299"}) == "balance_outside_limits"
    assert await balance(paid, "bob") == (-300, 300)
    assert await change(paid, {"min_balance": "-300"}) == "done"
    assert await balance(paid, "bob") == (-300, 0)
    assert await verify(paid) == []


async def change(db: asyncpg.Connection, changes: dict[str, str]) -> str:
    ((outcome, body),) = await call(
        db, "change_wallet", ledger=MAIN, id="bob", changes=json.dumps(changes)
    )
    return str(json.loads(body)["code"]) if outcome == "refused" else str(outcome)


async def test_a_frozen_wallet_gives_nothing_back(paid: asyncpg.Connection) -> None:
    number = (await posted(paid, req(("ann", "bob", 300))))["id"]
    await call(paid, "freeze_wallet", ledger=MAIN, id="bob", credits=False)
    assert await codes(paid, about("reversal", number, force=True)) == ["wallet_frozen"]


async def test_from_the_outside_and_back(paid: asyncpg.Connection) -> None:
    number = (await posted(paid, req(("@world", "eva", 5), kind="credit")))["id"]
    body = await paid.fetchval("select transaction from zerosum.reverse(1, $1, 2, 'key')", number)
    assert json.loads(body)["postings"][0]["destination"] == "@world:USD"
    await wallet(paid, "small", max_balance=1)
    number = (await posted(paid, req(("ann", "eva", 5))))["id"]
    await wallet(paid, "low", min_balance=-9)
    assert await codes(paid, about("reversal", number).but(key="key")) == ["idempotency_key_reused"]
    assert await verify(paid) == []
