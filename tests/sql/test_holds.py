"""Holds: placed, captured, voided, expired by the clock; what they reserve, and what is refused."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from app.database.connections import call, connect
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
    until_waiting,
    verify,
    wallet,
    wallets,
)

SOON = timedelta(milliseconds=150)


@pytest.fixture
async def shop(db: asyncpg.Connection) -> asyncpg.Connection:
    await wallets(db, ("ann", "bob", "shop"))
    await fund(db, "ann", 1000)
    await fund(db, "bob", 1000)
    return db


async def place(db: asyncpg.Connection, *postings: tuple[str, str, int], **rest: Any) -> int:
    return int((await posted(db, hold(*postings, **rest)))["id"])


async def money(db: asyncpg.Connection, name: str) -> tuple[int, int]:
    """Return what the wallet has posted and held now."""
    rows = await call(db, "read_wallet", ledger=MAIN, id=name)
    told = json.loads(rows[0]["body"])
    assert told["available"] == told["posted"] - told["held"]
    return told["posted"], told["held"]


async def state(db: asyncpg.Connection, number: int) -> dict[str, Any]:
    rows = await call(db, "list_holds", ledger=MAIN, before=None, max=1, only_id=number)
    told: dict[str, Any] = json.loads(rows[0]["body"])
    return told


def in_a_moment() -> datetime:
    return datetime.now(UTC) + SOON


async def expire() -> None:
    await asyncio.sleep(SOON.total_seconds() + 0.05)


async def test_a_hold_reserves_and_moves_nothing(shop: asyncpg.Connection) -> None:
    ((_, body),) = await post(shop, hold(("ann", "shop", 400), key="h"))
    told = json.loads(body)
    assert (told["status"], told["amount"], told["captured"], told["remaining"]) == (
        "pending",
        400,
        0,
        400,
    )
    assert told["entries"] == []
    assert told["postings"] == [
        {"source": "ann", "destination": "shop", "amount": 400, "asset": "USD"}
    ]
    assert await money(shop, "ann") == (1000, 400)
    assert await codes(shop, req(("ann", "bob", 601))) == ["insufficient_funds"]
    assert await codes(shop, hold(("ann", "shop", 601))) == ["insufficient_funds"]
    assert await codes(shop, req(("ann", "bob", 600))) == ["posted"]
    assert await post(shop, hold(("ann", "shop", 400), key="h")) == [("replayed", body)]
    assert await codes(shop, hold(("ann", "shop", 401), key="h")) == ["idempotency_key_reused"]
    assert await verify(shop) == []


async def test_captured_whole(shop: asyncpg.Connection) -> None:
    number = await place(shop, ("ann", "shop", 400))
    ((outcome, body),) = await post(shop, about("capture", number, "c"))
    told = json.loads(body)
    assert outcome == "posted"
    assert told["hold"] == {
        "id": number, "status": "captured", "amount": 400, "captured": 400, "remaining": 0,
    }  # fmt: skip
    assert [e["amount"] for e in told["entries"]] == [-400, 400]
    assert await money(shop, "ann") == (600, 0)
    assert await codes(shop, about("capture", number)) == ["hold_captured"]
    assert await codes(shop, about("void", number)) == ["hold_captured"]
    assert await post(shop, about("capture", number, "c")) == [("replayed", body)]
    assert (await state(shop, number))["transactions"] == [told["id"]]
    assert await verify(shop) == []


async def test_captured_in_parts_in_one_batch_and_finally(shop: asyncpg.Connection) -> None:
    number = await place(shop, ("ann", "shop", 400))
    assert await codes(
        shop,
        about("capture", number, amount="100"),
        about("capture", number, amount="301"),
        about("capture", number, amount="100", destination="bob"),
        about("capture", number, amount="50", final=True),
        about("capture", number, amount="1"),
    ) == ["posted", "hold_exceeded", "posted", "posted", "hold_captured"]
    assert await money(shop, "ann") == (750, 0)
    assert await money(shop, "bob") == (1100, 0)
    told = await state(shop, number)
    assert (told["status"], told["captured"], told["remaining"]) == ("captured", 250, 0)
    assert len(told["transactions"]) == 3
    assert await verify(shop) == []


async def test_voided(shop: asyncpg.Connection) -> None:
    number = await place(shop, ("ann", "shop", 400))
    assert await codes(shop, about("capture", number, amount="100")) == ["posted"]
    ((_, body),) = await post(shop, about("void", number, "v"))
    assert json.loads(body)["hold"] == {
        "id": number, "status": "voided", "amount": 400, "captured": 100, "remaining": 0,
    }  # fmt: skip
    assert json.loads(body)["entries"] == json.loads(body)["postings"] == []
    assert await post(shop, about("void", number, "v")) == [("replayed", body)]
    assert await codes(shop, about("void", number)) == ["hold_voided"]
    assert await codes(shop, about("capture", number)) == ["hold_voided"]
    assert await money(shop, "ann") == (900, 0)
    assert await verify(shop) == []


async def test_an_expired_hold_reserves_nothing_before_anybody_settles_it(
    shop: asyncpg.Connection,
) -> None:
    number = await place(shop, ("ann", "shop", 1000), expires_at=in_a_moment())
    assert await codes(shop, req(("ann", "bob", 1))) == ["insufficient_funds"]
    await expire()
    assert await money(shop, "ann") == (1000, 0)
    assert (await state(shop, number))["status"] == "expired"
    assert await codes(shop, about("capture", number), about("void", number)) == [
        "hold_expired",
        "hold_expired",
    ]
    assert await codes(shop, req(("ann", "bob", 1000))) == ["posted"]
    assert await verify(shop) == []
    assert [tuple(row) for row in await expired(shop)] == [(1,)]
    assert [tuple(row) for row in await expired(shop)] == [(0,)]
    assert (await state(shop, number))["status"] == "expired"
    types = await shop.fetch("select type from ledger.outbox order by ord desc limit 1")
    assert types[0]["type"] == "hold.expired"
    assert await verify(shop) == []


@pytest.mark.parametrize("sooner_first", [True, False])
@pytest.mark.parametrize("together", [True, False])
async def test_of_two_expiries_the_sooner_counts(
    shop: asyncpg.Connection, sooner_first: bool, together: bool
) -> None:
    later = datetime.now(UTC) + timedelta(days=1)
    holds = [
        hold(("ann", "shop", 600), expires_at=in_a_moment()),
        hold(("ann", "shop", 400), expires_at=later),
    ]
    if not sooner_first:
        holds.reverse()
    for some in [holds] if together else [[one] for one in holds]:
        assert await codes(shop, *some) == ["posted"] * len(some)
    assert await codes(shop, req(("ann", "bob", 1))) == ["insufficient_funds"]
    await expire()
    assert await money(shop, "ann") == (1000, 400)
    assert await codes(shop, req(("ann", "bob", 600)), req(("ann", "bob", 1))) == [
        "posted",
        "insufficient_funds",
    ]
    assert await verify(shop) == []


async def expired(db: asyncpg.Connection, wait: bool = False) -> list[asyncpg.Record]:
    return await call(db, "expire_holds", ledger=MAIN, max_holds=10, wait=wait)


async def test_the_relay_leaves_what_somebody_holds_locked(
    shop: asyncpg.Connection, database_url: str
) -> None:
    await place(shop, ("ann", "shop", 10), ("bob", "shop", 10), expires_at=in_a_moment())
    await place(shop, ("bob", "shop", 10), expires_at=in_a_moment())
    await expire()
    other = await connect(database_url)
    async with other.transaction():
        await other.execute("select from ledger.wallets where id = 'ann' for update")
        assert [tuple(row) for row in await expired(shop)] == [(1,)]
        with pytest.raises(asyncpg.LockNotAvailableError):
            await expired(shop, wait=True)
    assert [tuple(row) for row in await expired(shop, wait=True)] == [(1,)]
    await other.close()
    assert await money(shop, "bob") == (1000, 0)
    assert await verify(shop) == []


async def test_a_hold_that_is_captured_while_the_relay_waits_for_its_wallet_is_left_alone(
    shop: asyncpg.Connection, database_url: str
) -> None:
    number = await place(shop, ("ann", "shop", 10), expires_at=in_a_moment())
    other = await connect(database_url)
    await other.execute("begin")
    assert await codes(other, about("capture", number)) == ["posted"]
    await expire()
    waiting = asyncio.create_task(expired(shop, wait=True))
    await until_waiting(other, shop)
    await other.execute("commit")
    assert [tuple(row) for row in await waiting] == [(0,)]
    await other.close()
    assert (await state(shop, number))["status"] == "captured"
    assert await verify(shop) == []


async def test_several_postings(shop: asyncpg.Connection) -> None:
    await call(shop, "create_asset", ledger=MAIN, code="POINTS", scale=0)
    await wallet(shop, "points", "POINTS")
    await wallet(shop, "mall", "POINTS")
    await fund(shop, "points", 50)
    placed = await posted(
        shop, hold(("ann", "shop", 300), ("points", "mall", 50), ("bob", "shop", 1))
    )
    number = int(placed["id"])
    for told in placed, await state(shop, number):
        assert (told["amount"], told["captured"], told["remaining"]) == (None, None, None)
    assert await codes(
        shop,
        about("capture", number, amount="1"),
        about("capture", number, postings=[{"posting": 4}]),
        about("capture", number, postings=[{"posting": 1, "amount": "301"}]),
        about("capture", number, postings=[{"posting": 2, "destination": "shop"}]),
        about("capture", number, postings=[{"posting": 1, "amount": "100"}, {"posting": 2}]),
        about("capture", number, postings=[{"posting": 2}]),
        about("capture", number, postings=[{"posting": 3, "destination": "@world"}], final=True),
    ) == [
        "invalid_postings",
        "invalid_postings",
        "hold_exceeded",
        "asset_mismatch",
        "posted",
        "hold_exceeded",
        "posted",
    ]
    told = await state(shop, number)
    assert [p["captured"] for p in told["postings"]] == [100, 50, 1]
    assert told["status"] == "captured"
    assert await money(shop, "ann") == (900, 0)
    assert await verify(shop) == []


async def test_refused(shop: asyncpg.Connection) -> None:
    number = await place(shop, ("ann", "shop", 10))
    past = datetime.now(UTC) - timedelta(seconds=1)
    assert await codes(
        shop,
        hold(("ann", "shop", 1), expires_at=past),
        hold(("ann", "shop", 1), expires_at=past, conditions='[{"wallet": "ann", "version": 1}]'),
        hold(("@world", "shop", 1)),
        hold(("nobody", "shop", 1)),
        hold(("ann", "nobody", 1)),
        about("capture", 1),
        about("void", 999),
        about("capture", number, amount="11"),
        about("capture", number, amount="0"),
        about("capture", number, amount="1.0"),
        about("capture", number, destination="ann"),
        about("capture", number, destination="nobody"),
        about("capture", number, postings=[]),
        about("capture", number, amount="1", postings=[{"posting": 1}]),
        about("capture", number, unknown=1),
        about("capture", number, final="yes"),
        about("capture", 10**18),
        about("void", number, amount="1"),
        hold(("ann", "shop", 1)).but(options='{"expires_at": "tomorrow"}'),
        hold(("ann", "shop", 1)).but(options="[]"),
        req(("ann", "shop", 1)).but(options='{"hold": 1}'),
        about("capture", number).but(options=None),
        about("capture", number).but(postings=(("ann", "shop", 1),)),
    ) == [
        "invalid_expires_at",
        "invalid_expires_at",
        "reserved_wallet_id",
        "unknown_wallet",
        "unknown_wallet",
        "unknown_hold",
        "unknown_hold",
        "hold_exceeded",
        "invalid_amount",
        "invalid_amount",
        "same_wallet",
        "unknown_wallet",
        "invalid_postings",
        *["invalid_options"] * 5,
        "invalid_expires_at",
        *["invalid_options"] * 3,
        "invalid_postings",
    ]
    assert await money(shop, "ann") == (1000, 10)
    assert await verify(shop) == []


async def test_a_refused_hold_leaves_its_wallet_alone(shop: asyncpg.Connection) -> None:
    """Also beside a hold that is placed in the same batch."""
    before = await shop.fetch("select * from ledger.wallets where id = 'bob'")
    later = datetime.now(UTC) + timedelta(hours=1)
    assert await codes(
        shop,
        hold(("bob", "shop", 1001), expires_at=later),
        hold(("bob", "shop", 1), expires_at=later, unit=1),
        hold(("bob", "nobody", 1), unit=1),
        hold(("ann", "shop", 1)),
    ) == ["insufficient_funds", "undone", "unknown_wallet", "posted"]
    assert await shop.fetch("select * from ledger.wallets where id = 'bob'") == before


async def test_what_exceeds_its_hold_is_told_with_its_posting(shop: asyncpg.Connection) -> None:
    """If nothing is left of all that were asked for, the last of them."""
    number = await place(shop, ("ann", "shop", 5), ("bob", "shop", 5), ("ann", "shop", 5))

    async def refusal(*postings: dict[str, Any]) -> dict[str, Any]:
        ((_, body),) = await post(shop, about("capture", number, postings=list(postings)))
        told: dict[str, Any] = json.loads(body)
        assert told.pop("code") == "hold_exceeded"
        return told

    assert await refusal({"posting": 1}, {"posting": 2, "amount": "6"}) == {
        "posting": 2,
        "remaining": 5,
    }
    first = about("capture", number, postings=[{"posting": 1}, {"posting": 2}])
    assert await codes(shop, first) == ["posted"]
    assert await refusal({"posting": 2}) == {"posting": 2, "remaining": 0}
    assert await refusal({"posting": 1}) == {"posting": 1, "remaining": 0}
    assert await refusal({"posting": 1}, {"posting": 2}) == {"posting": 2, "remaining": 0}


async def test_a_capture_tells_how_far_the_whole_hold_is(shop: asyncpg.Connection) -> None:
    """The sums of all its postings; amounts of several assets have no sum."""

    async def told(number: int, *postings: dict[str, Any]) -> dict[str, Any]:
        made = await posted(shop, about("capture", number, postings=list(postings)))
        assert made["hold"].pop("id") == number
        assert made["hold"].items() <= (await state(shop, number)).items()
        hold: dict[str, Any] = made["hold"]
        return hold

    number = await place(shop, ("ann", "shop", 10), ("bob", "shop", 20))
    assert await told(number, {"posting": 1, "amount": "4"}, {"posting": 2, "amount": "5"}) == {
        "status": "pending",
        "amount": 30,
        "captured": 9,
        "remaining": 21,
    }
    assert await told(number, {"posting": 1}) == {
        "status": "pending",
        "amount": 30,
        "captured": 15,
        "remaining": 15,
    }
    assert await told(number, {"posting": 2}) == {
        "status": "captured",
        "amount": 30,
        "captured": 30,
        "remaining": 0,
    }
    await wallet(shop, "eve", "EUR", min_balance=None)
    await wallet(shop, "eur", "EUR")
    mixed = await place(shop, ("ann", "shop", 10), ("eve", "eur", 20))
    for posting, status in ((2, "pending"), (1, "captured")):
        assert await told(mixed, {"posting": posting}) == {
            "status": status,
            "amount": None,
            "captured": None,
            "remaining": None,
        }


async def test_captures_and_reversals_in_one_batch(shop: asyncpg.Connection) -> None:
    """Each has its own postings, and its own refusal."""
    number = await place(shop, ("ann", "shop", 5), ("bob", "shop", 5))
    paid = await posted(shop, req(("ann", "bob", 7)))
    assert await codes(
        shop,
        about("capture", number, postings=[{"posting": 3}]),
        about("reversal", paid["id"], amount="3"),
        about("capture", number, postings=[{"posting": 2, "amount": "2"}]),
        about("reversal", number),
        about("reversal", paid["id"], amount="5"),
        about("void", number),
        about("reversal", paid["id"]),
        about("capture", paid["id"]),
    ) == [
        "invalid_postings",
        "posted",
        "posted",
        "not_reversible",
        "reversal_exceeded",
        "posted",
        "posted",
        "unknown_hold",
    ]
    assert await money(shop, "ann") == (1000, 0)
    assert await money(shop, "bob") == (998, 0)
    assert await money(shop, "shop") == (2, 0)
    assert await verify(shop) == []


async def test_the_event_of_the_largest_capture_can_be_stamped(shop: asyncpg.Connection) -> None:
    """A hold fits whose capture doesn't, since a capture says more."""
    names = [f"{'n' * 36}{i:02}" for i in range(80)]
    await wallets(shop, names)
    number = await place(shop, *[("ann", name, 1) for name in names])
    large = json.dumps({"of": "m" * 16000})
    assert await codes(
        shop,
        about("capture", number).but(metadata=json.dumps({"of": "m" * 30000})),
        about("capture", number, "k1").but(metadata=large),
        about("capture", number, "k2"),
    ) == ["invalid_metadata", "transaction_too_large", "posted"]
    await stamp(shop, "r", await lease(shop, "r"))
    assert await verify(shop) == []


async def test_frozen_closed_and_full_wallets(shop: asyncpg.Connection) -> None:
    await wallet(shop, "small", max_balance=5)
    number = await place(shop, ("ann", "shop", 10))
    await call(shop, "freeze_wallet", ledger=MAIN, id="ann", credits=False)
    assert await codes(shop, about("capture", number, amount="1")) == ["wallet_frozen"]
    await call(shop, "unfreeze_wallet", ledger=MAIN, id="ann")
    await call(shop, "close_wallet", ledger=MAIN, id="shop")
    assert await codes(
        shop,
        about("capture", number, amount="1"),
        about("capture", number, amount="6", destination="small"),
        about("capture", number, amount="5", destination="small"),
    ) == ["wallet_closed", "max_balance_exceeded", "posted"]
    rows = await call(shop, "close_wallet", ledger=MAIN, id="ann")
    assert json.loads(rows[0]["body"])["held"] == 5
    await call(shop, "freeze_wallet", ledger=MAIN, id="ann", credits=False)
    assert await codes(shop, about("void", number)) == ["posted"]
    assert await verify(shop) == []


async def test_an_empty_wallet_whose_hold_has_expired_may_be_closed(
    db: asyncpg.Connection,
) -> None:
    await wallet(db, "low", min_balance=-10)
    await wallet(db, "shop")
    await place(db, ("low", "shop", 10), expires_at=in_a_moment())
    ((outcome, _),) = await call(db, "close_wallet", ledger=MAIN, id="low")
    assert outcome == "refused"
    await expire()
    ((outcome, _),) = await call(db, "close_wallet", ledger=MAIN, id="low")
    assert outcome == "done"
    assert await verify(db) == []


async def told(db: asyncpg.Connection, verb: str, *given: Any) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(
        await db.fetchval(f"select transaction from zerosum.{verb}", *given)
    )
    return body


async def test_from_sql(shop: asyncpg.Connection) -> None:
    one = await told(shop, "hold(1, 'ann', 'shop', 100, 'k')")
    number = one["id"]
    await told(shop, "capture(1, $1, 30)", number)
    assert (await told(shop, "void(1, $1)", number))["hold"]["captured"] == 30
    with pytest.raises(asyncpg.PostgresError) as error:
        await told(shop, "capture(1, $1)", number)
    assert error.value.sqlstate == "ZS219"
    expires = datetime.now(UTC) + timedelta(days=1)
    one = await told(shop, "hold(1, 'bob', 'shop', 1, null, $1)", expires)
    assert one["expires_at"] == expires.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert await verify(shop) == []
