"""Transactions of several postings, the world's wallets, and answers byte for byte."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime

import asyncpg
import pytest

from app.database.connections import call, connect
from tests.support.ledger import (
    MAIN,
    codes,
    counts,
    fund,
    lease,
    post,
    req,
    stamp,
    until_waiting,
    verify,
    wallet,
    wallets,
)


@pytest.fixture
async def peopled(db: asyncpg.Connection) -> asyncpg.Connection:
    await wallets(db, ("m1", "m2", "m3"))
    await wallet(db, "eva", "EUR")
    await wallet(db, "yen", "JPY")
    await wallet(db, "small", max_balance=100)
    return db


async def balances(conn: asyncpg.Connection) -> dict[str, tuple[int, int]]:
    rows = await conn.fetch("select id, posted, version from ledger.wallets where id like 'm_'")
    return {row["id"]: (int(row["posted"]), row["version"]) for row in rows}


async def test_limits_are_checked_on_the_net_effect(peopled: asyncpg.Connection) -> None:
    through = req(("m1", "m2", 70), ("@world", "m1", 70))
    assert await codes(peopled, through) == ["posted"]
    assert await codes(peopled, req(("m2", "m1", 70), ("m1", "m3", 71))) == ["insufficient_funds"]
    split = req(("m2", "m1", 70), ("m1", "m3", 30), ("m1", "m2", 40))
    assert await codes(peopled, split) == ["posted"]
    assert await balances(peopled) == {"m1": (0, 5), "m2": (40, 3), "m3": (30, 1)}
    over = req(("@world", "small", 150), ("small", "m1", 60))
    assert await codes(peopled, over) == ["posted"]
    assert await codes(peopled, req(("@world", "small", 30), ("small", "m1", 19))) == [
        "max_balance_exceeded"
    ]


async def test_a_transaction_may_move_several_assets(peopled: asyncpg.Connection) -> None:
    both = req(("@world", "m1", 5), ("@world", "eva", 9), ("eva", "@world", 4))
    assert await codes(peopled, both) == ["posted"]
    assert await codes(peopled, req(*[("@world", "m1", i + 1) for i in range(100)])) == ["posted"]
    assert await verify(peopled) == []


async def test_a_world_wallet_is_made_by_the_first_request_that_posts(
    peopled: asyncpg.Connection,
) -> None:
    before = await counts(peopled)
    refused = [req(("@world:JPY", "yen", "9" * 39)), req(("yen", "@world", 1))]
    assert await codes(peopled, *refused) == ["invalid_amount", "insufficient_funds"]
    assert await counts(peopled) == before
    made = [req(("@world", "yen", 9)), req(("yen", "@world:JPY", 4))]
    assert await codes(peopled, *made) == ["posted", "posted"]
    world = "select posted from ledger.wallets where id = '@world:JPY'"
    assert await peopled.fetchval(world) == -5


async def test_the_worlds_wallet_is_made_with_the_first_of_its_asset(
    peopled: asyncpg.Connection, database_url: str
) -> None:
    """Once, even if two transactions create the first wallets at the same time. A refused request
    names it and moves nothing."""
    await call(peopled, "create_asset", ledger=MAIN, code="ACORN", scale=0)
    world = "select count(*) from ledger.wallets where id = '@world:ACORN' and version = $1"
    assert await codes(peopled, req(("@world:ACORN", "m1", 1))) == ["asset_mismatch"]
    assert await peopled.fetchval(world, 0) == 0
    maker = await connect(database_url)
    transaction = maker.transaction()
    await transaction.start()
    await wallet(maker, "oak", "ACORN")
    other = asyncio.create_task(wallet(peopled, "elm", "ACORN"))
    await until_waiting(maker, peopled)
    await transaction.commit()
    await other
    assert await codes(maker, req(("oak", "@world", 1))) == ["insufficient_funds"]
    assert await peopled.fetchval(world, 0) == 1
    assert await codes(maker, req(("@world", "oak", 1)), req(("oak", "elm", 1))) == ["posted"] * 2
    assert await peopled.fetchval(world, 1) == 1
    await maker.close()


async def test_an_answer_is_rebuilt_byte_for_byte(peopled: asyncpg.Connection) -> None:
    made = await post(
        peopled,
        req(
            *[("@world", "m1", 3), ("m1", "m2", 2)],
            key="k\"\\ '",
            description='d\u2028\n"',
            ref="r",
            metadata='{"ü": "\\u00e9\\n", "n": 1.50}',
        ),
        req(("@world", "m2", 1), effective=datetime(1999, 1, 2, tzinfo=UTC)),
        req(("@world", "m2", 10**37)),
    )
    ids = [json.loads(body)["id"] for _, body in made]
    rows = await peopled.fetch("select id, body from zerosum.answer(1, $1)", ids)
    assert {row["id"]: row["body"] for row in rows} == dict(
        zip(ids, [body for _, body in made], strict=True)
    )
    assert (
        len(
            await peopled.fetch(
                "select from ledger.outbox o join zerosum.answer(1, $1) a"
                " on a.id = o.transaction_id and a.body = o.payload",
                ids,
            )
        )
        == 3
    )


async def test_an_answer_has_the_documented_members(peopled: asyncpg.Connection) -> None:
    past = datetime(1999, 1, 2, tzinfo=UTC)
    await fund(peopled, "m1", 5)
    ((_, body),) = await post(peopled, req(("m1", "m2", 2), effective=past, key="k"))
    answer = json.loads(body)
    recorded_at, number = answer.pop("recorded_at"), answer.pop("id")
    assert datetime.fromisoformat(recorded_at).tzinfo is not None
    assert number > 0
    assert answer == {
        "kind": "transfer",
        "postings": [{"source": "m1", "destination": "m2", "amount": 2, "asset": "USD"}],
        "entries": [
            {"wallet": "m1", "amount": -2, "balance": 3, "version": 2},
            {"wallet": "m2", "amount": 2, "balance": 2, "version": 1},
        ],
        "reference": None,
        "description": None,
        "metadata": {},
        "effective_at": "1999-01-02T00:00:00.000000Z",
        "idempotency_key": "k",
    }


async def test_the_largest_accepted_transaction_fits_an_event(db: asyncpg.Connection) -> None:
    """A body refused at stamping would stop the feed, so post() bounds it; this is its worst case."""
    names = [f"{i:03}" + "n" * 125 for i in range(100)]
    await wallets(db, names)
    worst = {
        "ref": "\x01" * 1024,
        "description": "\x02" * 1024,
        "metadata": json.dumps({"m": "x" * 16300}),
    }
    for size in range(100, 0, -1):
        postings = [("@world", names[i % 100], "9" * 36) for i in range(size)]
        request = req(*postings, kind="transaction", key='"' * 255, **worst)
        (code,) = await codes(db, request)
        if code == "posted":
            break
        assert code == "transaction_too_large"
    assert size >= 30
    assert await stamp(db, "r", await lease(db, "r")) == 1
