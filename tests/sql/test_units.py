"""Atomic batches: of requests with one unit number all post or none, beside others that are decided
as usual."""

from __future__ import annotations

import asyncpg
import pytest

from app.database.connections import connect
from tests.support.ledger import (
    about,
    codes,
    fund,
    hold,
    post,
    posted,
    req,
    verify,
    wallet,
    wallets,
)


@pytest.fixture
async def three(db: asyncpg.Connection) -> asyncpg.Connection:
    await wallets(db, ("ann", "bob", "eva"))
    await fund(db, "ann", 100)
    return db


async def balances(db: asyncpg.Connection) -> list[int]:
    rows = await db.fetch(
        "select posted from ledger.wallets where not starts_with(id, '@') order by id"
    )
    return [int(row["posted"]) for row in rows]


async def test_all_post_later_ones_seeing_earlier_ones(three: asyncpg.Connection) -> None:
    batch = [
        req(("ann", "bob", 100), unit=1, key="k/0"),
        req(("bob", "eva", 60), unit=1, key="k/1"),
        req(("eva", "ann", 60), unit=1, key="k/2"),
    ]
    assert await codes(three, *batch) == ["posted"] * 3
    assert await codes(three, *batch) == ["replayed"] * 3
    assert await balances(three) == [60, 40, 0]
    assert await verify(three) == []


async def test_none_posts_when_one_is_refused(three: asyncpg.Connection) -> None:
    answers = await post(
        three,
        req(("ann", "bob", 10)),
        req(("ann", "bob", 50), unit=1, key="k/0"),
        req(("bob", "eva", 60), unit=1, key="k/1"),
        req(("bob", "eva", 1), unit=1, key="k/2"),
        req(("ann", "eva", 90), key="k/0"),
        req(("ann", "eva", 1), unit=2),
        req(("eva", "bob", 91), unit=2),
    )
    assert [outcome for outcome, _ in answers] == [
        "posted",
        "undone",
        "undone",
        "refused",
        "posted",
        "refused",
        "undone",
    ]
    assert await balances(three) == [0, 10, 90]
    assert [body for outcome, body in answers if outcome == "undone"] == [None] * 3
    assert await verify(three) == []


async def test_what_is_malformed_undoes_its_unit(three: asyncpg.Connection) -> None:
    answers = await post(
        three,
        req(("ann", "bob", 50), unit=7),
        req(("ann", "bob", "x"), unit=7),
        req(("ann", "bob", 50), unit=8),
        req(("ann", "nobody", 1), unit=8),
        req(("ann", "bob", 100)),
    )
    assert [outcome for outcome, _ in answers] == [
        "undone",
        "refused",
        "undone",
        "refused",
        "posted",
    ]
    assert await verify(three) == []


async def test_holds_and_debts_are_taken_back_too(three: asyncpg.Connection) -> None:
    number = (await posted(three, hold(("ann", "bob", 80))))["id"]
    before = await three.fetch("select * from ledger.wallets order by id")
    assert [
        outcome
        for outcome, _ in await post(
            three,
            about("capture", number, amount="80").but(unit=1),
            hold(("bob", "eva", 80), unit=1),
            req(("bob", "eva", 1), unit=1),
            about("capture", number, amount="81"),
        )
    ] == ["undone", "undone", "refused", "refused"]
    assert await three.fetch("select * from ledger.wallets order by id") == before
    # The hold that a failed unit would have captured is pending for later requests.
    assert await codes(
        three,
        about("capture", number).but(unit=1),
        req(("bob", "eva", 81), unit=1),
        about("capture", number, amount="81"),
        about("capture", number),
    ) == ["undone", "insufficient_funds", "hold_exceeded", "posted"]
    number = (await posted(three, req(("ann", "bob", 20))))["id"]
    assert await codes(three, req(("bob", "eva", 100))) == ["posted"]
    before = await three.fetch("select * from ledger.wallets order by id")
    assert [
        outcome
        for outcome, _ in await post(
            three,
            about("reversal", number, force=True).but(unit=1),
            req(("bob", "eva", 1), unit=1),
        )
    ] == ["undone", "refused"]
    assert await three.fetch("select * from ledger.wallets order by id") == before
    assert await codes(three, about("reversal", number)) == ["insufficient_funds"]
    # No debt is left that a later request would pay back.
    assert await codes(
        three,
        about("reversal", number, force=True).but(unit=1),
        req(("bob", "eva", 1), unit=1),
        req(("eva", "bob", 5)),
        req(("bob", "eva", 6)),
        req(("bob", "eva", 5)),
    ) == ["undone", "insufficient_funds", "posted", "insufficient_funds", "posted"]
    assert await three.fetchval("select sum(floor_debt) from ledger.wallets") == 0
    assert await verify(three) == []


async def test_a_locked_wallet_makes_the_whole_unit_busy(
    three: asyncpg.Connection, database_url: str
) -> None:
    await wallet(three, "other")
    locker = await connect(database_url)
    async with locker.transaction():
        await locker.execute("select from ledger.wallets where id = 'eva' for update")
        answers = await post(
            three,
            req(("ann", "bob", 1), unit=1),
            req(("ann", "eva", 1), unit=1),
            req(("ann", "other", 1), unit=1),
            req(("ann", "bob", 1)),
            skip_locked=True,
        )
    assert [outcome for outcome, _ in answers] == ["busy", "busy", "busy", "posted"]
    await locker.close()
    assert await balances(three) == [99, 1, 0, 0]
    assert await verify(three) == []


async def test_a_part_of_a_unit_is_no_repeat_of_it(three: asyncpg.Connection) -> None:
    """Each fingerprint covers the whole list, in its order."""
    a = req(("ann", "bob", 10), key="k/0")
    b = req(("ann", "eva", 10), key="k/1")
    assert await codes(three, a.but(unit=1), b.but(unit=1)) == ["posted"] * 2
    reused = "idempotency_key_reused"
    for batch in (
        [a.but(unit=1)],
        [a],
        [b],
        [a.but(unit=1), b.but(unit=1), req(("ann", "eva", 1), unit=1, key="k/2")],
        [a.but(unit=1), b.but(unit=1, postings=(("ann", "eva", 11),))],
    ):
        assert reused in await codes(three, *batch), batch
    same = [a.but(unit=3), b.but(unit=3), a.but(unit=4), b.but(unit=4)]
    assert await codes(three, *same) == ["replayed"] * 4
    assert await balances(three) == [80, 10, 10]


async def test_the_same_unit_twice_in_a_call(three: asyncpg.Connection) -> None:
    """It posts once. If it is refused, it is refused twice, whatever of it had been decided by
    then."""
    good = [req(("ann", "bob", 10), key="k/0"), req(("bob", "eva", 10), key="k/1")]
    bad = [req(("ann", "bob", 50), key="x/0"), req(("ann", "eva", 50), key="x/1")]
    batch = [one.but(unit=unit) for unit in (1, 2) for one in good]
    batch += [one.but(unit=unit) for unit in (3, 4) for one in bad]
    assert await codes(three, *batch) == [
        "posted",
        "posted",
        "replayed",
        "replayed",
        "undone",
        "insufficient_funds",
        "undone",
        "insufficient_funds",
    ]
    assert await balances(three) == [90, 0, 10]
    assert await verify(three) == []
