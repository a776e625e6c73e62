"""Relays share the ledgers' leases: each has its part, and the others' when they are gone."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

LEDGERS = 6
TAKE = "select * from zerosum.take_leases($1, $2)"


@pytest.fixture
async def six(db: asyncpg.Connection) -> asyncpg.Connection:
    """main and test are there already."""
    for n in range(LEDGERS - 2):
        await db.execute("select zerosum.create_ledger($1)", f"shop{n}")
    return db


async def take(conn: asyncpg.Connection, holder: str, seconds: float = 30) -> list[Any]:
    return await conn.fetch(TAKE, holder, seconds)


async def leave(conn: asyncpg.Connection, holder: str) -> None:
    """Leave what is beyond the share, as a relay does when its work there has ended."""
    for row in await take(conn, holder):
        if row["surplus"]:
            await conn.execute("select zerosum.release_lease($1, $2)", row["ledger_id"], holder)


def ids(rows: list[Any]) -> set[int]:
    return {row["ledger_id"] for row in rows}


async def test_a_newcomer_gets_its_share_and_no_more(six: asyncpg.Connection) -> None:
    first = await take(six, "a")
    assert len(first) == LEDGERS
    assert all(row["whole"] and not row["surplus"] for row in first)
    assert await take(six, "b") == []
    told = await take(six, "a")
    assert [row["surplus"] for row in sorted(told, key=lambda row: row["ledger_id"])] == (
        [False] * 3 + [True] * 3
    )
    # What is beyond the share is held until it is left: nobody else sends meanwhile.
    assert await take(six, "b") == []
    await leave(six, "a")
    ours, theirs = await take(six, "a"), await take(six, "b")
    assert (len(ours), len(theirs)) == (3, 3)
    assert ids(ours) & ids(theirs) == set()
    assert not any(row["whole"] or row["surplus"] for row in ours + theirs)
    # A third one; nobody gives up more than it must.
    assert await take(six, "c") == []
    await leave(six, "a")
    await leave(six, "b")
    shares = [ids(await take(six, holder)) for holder in "cab"]
    assert [len(share) for share in shares] == [2, 2, 2]
    assert shares[1] < ids(ours)
    assert shares[2] < ids(theirs)
    again = [ids(await take(six, holder)) for holder in "cab"]
    assert again == shares


async def test_what_a_relay_releases_or_lets_end_is_taken(six: asyncpg.Connection) -> None:
    await take(six, "a")
    await take(six, "b")
    await leave(six, "a")
    await take(six, "b")
    await six.execute("select zerosum.release_leases('a')")
    told = await take(six, "b")
    assert len(told) == LEDGERS
    assert all(row["whole"] for row in told)
    # Killed: its part is free when its time is over, and it no longer counts.
    await six.execute("select zerosum.release_leases('b')")
    await take(six, "dead", 0.05)
    await asyncio.sleep(0.06)
    assert len(await take(six, "b", 30)) == LEDGERS


async def test_more_relays_than_ledgers(db: asyncpg.Connection) -> None:
    """Two ledgers: who comes later stands by."""
    for holder in "abcd":
        await take(db, holder)
    await leave(db, "a")
    found = [len(await take(db, holder)) for holder in "abcd"]
    assert found == [1, 1, 0, 0]
    await db.execute("select zerosum.release_leases('a')")
    assert sorted([len(await take(db, holder)) for holder in "bcd"]) == [0, 1, 1]


async def test_nobody_stands_by_while_another_has_two(six: asyncpg.Connection) -> None:
    """Four relays share six ledgers: two each and then one each. Rounding up would leave the fourth
    without."""
    for _ in range(4):
        for holder in "abcd":
            await leave(six, holder)
    shares = [ids(await take(six, holder)) for holder in "abcd"]
    assert sorted(map(len, shares)) == [1, 1, 2, 2]
    # It stays so: who has two keeps them.
    for _ in range(3):
        for holder in "dcba":
            await leave(six, holder)
    assert [ids(await take(six, holder)) for holder in "abcd"] == shares


async def test_an_idle_relay_writes_little(six: asyncpg.Connection) -> None:
    await take(six, "a")
    written = (
        "select (select array_agg(xmin::text) from ledger.feeds),"
        " (select array_agg(xmin::text) from ledger.relays)"
    )
    before = await six.fetchrow(written)
    for _ in range(3):
        assert len(await take(six, "a")) == LEDGERS
    assert await six.fetchrow(written) == before


async def test_a_clock_that_was_set_back_holds_up_nobody(six: asyncpg.Connection) -> None:
    """Leases and relays that end later than any can."""
    await take(six, "a")
    await six.execute("update ledger.feeds set until = now() + interval '1 hour'")
    await six.execute("update ledger.relays set until = now() + interval '1 hour'")
    assert len(await take(six, "b")) == LEDGERS
    await six.execute("select zerosum.release_leases('b')")
    await six.execute("update ledger.feeds set until = now() + interval '1 hour', holder = 'a'")
    epochs = {row["ledger_id"]: row["epoch"] for row in await take(six, "a")}
    assert len(epochs) == LEDGERS
    assert await six.fetchval("select max(until) < now() + interval '1 minute' from ledger.feeds")


async def test_a_lease_that_ended_gets_a_new_epoch(db: asyncpg.Connection) -> None:
    """What was stamped under the old one meanwhile is refused, though the holder is the same."""
    (first, *_) = sorted(row["epoch"] for row in await take(db, "a", 0.05))
    await asyncio.sleep(0.06)
    (second, *_) = sorted(row["epoch"] for row in await take(db, "a", 30))
    assert second == first + 1
    assert {row["name"] for row in await take(db, "a")} == {"main", "test"}


async def test_relays_at_once_take_each_ledger_once(
    six: asyncpg.Connection, links: list[asyncpg.Connection]
) -> None:
    """Each asks and leaves what is beyond its share, until all have theirs."""
    assert len(links) == LEDGERS

    async def relay(conn: asyncpg.Connection, holder: str) -> None:
        for _ in range(20):
            await leave(conn, holder)

    await asyncio.gather(*(relay(link, f"r{n}") for n, link in enumerate(links)))
    for _ in range(2):  # What was left last is taken, one after the other.
        for n in range(LEDGERS):
            await leave(six, f"r{n}")
    shares = [ids(await take(six, f"r{n}")) for n in range(LEDGERS)]
    assert [len(share) for share in shares] == [1] * LEDGERS
    assert len(set().union(*shares)) == LEDGERS
