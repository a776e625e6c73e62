"""A request may say what it expects: a wallet's version, and what is available afterwards. Both are
checked under the request's own locks."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import asyncpg
import pytest

from app.database.connections import connect
from tests.support.ledger import codes, counts, fund, post, req, verify, wallets


def if_(*conditions: Any) -> str:
    return json.dumps(list(conditions))


def at(wallet: str, version: int) -> str:
    return if_({"wallet": wallet, "version": version})


@pytest.fixture
async def three(db: asyncpg.Connection) -> asyncpg.Connection:
    await wallets(db, ("alice", "bob", "carol"))
    await fund(db, "alice", 100)
    return db


async def test_a_version_is_what_it_was_when_it_was_read(three: asyncpg.Connection) -> None:
    first = req(("alice", "bob", 1), conditions=at("alice", 1))
    ((outcome, _), (refused, body)) = await post(three, first, first)
    assert (outcome, refused) == ("posted", "refused")
    assert json.loads(body) == {"code": "wallet_changed", "wallet": "alice", "version": 2}
    # A request that does not move the wallet may watch it too.
    assert await codes(
        three,
        req(("alice", "bob", 1), conditions=at("carol", 0)),
        req(("alice", "carol", 1), conditions=at("bob", 2)),
        req(("alice", "bob", 1), conditions=at("carol", 0)),
        req(
            ("alice", "bob", 1),
            conditions=if_({"wallet": "carol", "version": 1}, {"wallet": "bob", "version": 9}),
        ),
        req(("alice", "bob", 1), conditions=at("nobody", 0)),
    ) == ["posted", "posted", "wallet_changed", "wallet_changed", "unknown_wallet"]
    assert await verify(three) == []


async def test_what_is_available_after_is_at_least_so_much(three: asyncpg.Connection) -> None:
    def least(amount: Any, wallet: str = "alice", pay: int = 60) -> Any:
        said = {"wallet": wallet, "min_available_after": amount}
        return req(("alice", "bob", pay), conditions=if_(said))

    ((_, body),) = await post(three, least(41))
    assert json.loads(body) == {"code": "available_too_low", "wallet": "alice", "available": 40}
    assert await codes(three, least(41), least("40"), least(61, "bob", 1), least(61, "bob", 1)) == [
        "available_too_low",
        "posted",
        "posted",
        "posted",
    ]
    # A broken limit is reported first, whatever was asked for.
    assert await codes(three, least(0, pay=1000)) == ["insufficient_funds"]


async def test_they_are_part_of_the_request_and_of_no_replay(three: asyncpg.Connection) -> None:
    first = req(("alice", "bob", 1), key="k", conditions=at("alice", 1))
    assert await codes(three, first, first) == ["posted", "replayed"]
    assert (
        await codes(three, first.but(conditions=None), first.but(conditions=at("alice", 2)))
        == ["idempotency_key_reused"] * 2
    )
    spelled = ' [ {"version":1, "wallet":"alice"} ] '
    assert await codes(three, first.but(conditions=spelled)) == ["replayed"]


@pytest.mark.parametrize(
    "conditions",
    [
        "[]",
        "{}",
        "null",
        "1",
        "[1]",
        "[null]",
        '[{"wallet":"alice"}]',
        '[{"version":1}]',
        '[{"wallet":5,"version":1}]',
        '[{"wallet":"no body","version":1}]',
        '[{"wallet":"alice","version":-1}]',
        '[{"wallet":"alice","version":1.5}]',
        '[{"wallet":"alice","version":"1"}]',
        '[{"wallet":"alice","version":null}]',
        '[{"wallet":"alice","version":1234567890123456789}]',
        '[{"wallet":"alice","version":1,"more":1}]',
        '[{"wallet":"alice","min_available_after":null}]',
        '[{"wallet":"alice","min_available_after":1.5}]',
        '[{"wallet":"alice","min_available_after":"x"}]',
        '[{"wallet":"alice","min_available_after":true}]',
        json.dumps([{"wallet": "alice", "version": 1}] * 101),
    ],
)
async def test_what_is_malformed_writes_nothing_and_harms_no_other(
    three: asyncpg.Connection, conditions: str
) -> None:
    before = await counts(three)
    bad = req(("alice", "bob", 1), conditions=conditions)
    assert await codes(three, bad) == ["invalid_conditions"]
    assert await counts(three) == before
    assert await codes(three, bad, req(("alice", "bob", 1))) == ["invalid_conditions", "posted"]


async def test_of_many_that_read_the_same_one_wins(
    three: asyncpg.Connection, database_url: str
) -> None:
    links = [await connect(database_url) for _ in range(5)]
    for n in range(20):
        version = await three.fetchval("select version from ledger.wallets where id = 'bob'")
        # The sources differ: they meet at the watched wallet.
        got = await asyncio.gather(
            *(
                codes(link, req(("@world", "bob", 1), conditions=at("bob", version)))
                for link in links
            )
        )
        assert sorted(got) == [["posted"], *[["wallet_changed"]] * 4], n
    for link in links:
        await link.close()
    assert await verify(three) == []


async def test_a_watched_wallet_that_is_held_makes_it_busy(
    three: asyncpg.Connection, database_url: str
) -> None:
    holder = await connect(database_url)
    held = holder.transaction()
    await held.start()
    await holder.execute("select zerosum.credit(1, 'carol', 1)")
    got = await post(
        three,
        req(("alice", "bob", 1), conditions=at("carol", 0)),
        req(("alice", "bob", 1)),
        skip_locked=True,
    )
    assert [outcome for outcome, _ in got] == ["busy", "posted"]
    await held.rollback()
    await holder.close()


async def test_in_sql(three: asyncpg.Connection) -> None:
    paid = "select zerosum.transfer(1, 'alice', 'bob', 1, conditions => $1)"
    await three.execute(paid, at("alice", 1))
    with pytest.raises(asyncpg.PostgresError) as refused:
        await three.execute(paid, at("alice", 1))
    assert refused.value.sqlstate == "ZS215"
