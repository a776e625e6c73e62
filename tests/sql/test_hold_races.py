"""Holds and reversals from several sessions at once: of requests that exclude each other, one
succeeds."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta

import asyncpg

from tests.support.ledger import Request, about, again, fund, hold, posted, req, verify, wallets

ROUNDS = 15


async def all_at_once(links: list[asyncpg.Connection], *requests: Request) -> list[str]:
    got = await asyncio.gather(
        *(again(link, request) for link, request in zip(links, requests, strict=False))
    )
    return sorted(
        json.loads(body)["code"] if outcome == "refused" else outcome for ((outcome, body),) in got
    )


async def made(db: asyncpg.Connection, request: Request) -> int:
    return int((await posted(db, request))["id"])


async def shop(db: asyncpg.Connection) -> None:
    await wallets(db, ("ann", "bob", "shop"))
    await fund(db, "ann", 10_000)


async def test_capture_against_void(
    db: asyncpg.Connection, links: list[asyncpg.Connection]
) -> None:
    await shop(db)
    for _ in range(ROUNDS):
        number = await made(db, hold(("ann", "shop", 10)))
        got = await all_at_once(links, about("capture", number), about("void", number))
        assert got in (["hold_captured", "posted"], ["hold_voided", "posted"])
    assert await verify(db) == []


async def test_two_captures_of_the_last_unit(
    db: asyncpg.Connection, links: list[asyncpg.Connection]
) -> None:
    await shop(db)
    for _ in range(ROUNDS):
        number = await made(db, hold(("ann", "shop", 3)))
        got = await all_at_once(links, *[about("capture", number, amount="1")] * 6)
        assert got == ["hold_captured"] * 3 + ["posted"] * 3
    assert await db.fetchval("select held from ledger.wallets where id = 'ann'") == 0
    assert await verify(db) == []


async def test_reversal_against_reversal(
    db: asyncpg.Connection, links: list[asyncpg.Connection]
) -> None:
    await shop(db)
    for _ in range(ROUNDS):
        number = await made(db, req(("ann", "bob", 10)))
        got = await all_at_once(
            links, about("reversal", number), *[about("reversal", number, amount="4")] * 5
        )
        posted = got.count("posted")
        assert posted in (1, 2, 3)
        assert got == ["posted"] * posted + ["reversal_exceeded"] * (6 - posted)
    assert await verify(db) == []


async def test_expiry_against_capture(
    db: asyncpg.Connection, links: list[asyncpg.Connection]
) -> None:
    """Whether the hold is captured in time or not, the relay's settling and the capture agree."""
    await shop(db)
    for _ in range(ROUNDS):
        soon = datetime.now(UTC) + timedelta(milliseconds=20)
        number = await made(db, hold(("ann", "shop", 10), expires_at=soon))

        async def settle() -> int:
            for _ in range(40):
                settled = await links[1].fetchval("select zerosum.expire_holds(1, 10, false)")
                if settled:
                    return int(settled)
                await asyncio.sleep(0.002)
            return 0

        async def capture(number: int = number) -> str:
            await asyncio.sleep(0.014)
            return (await all_at_once(links[:1], about("capture", number)))[0]

        settled, got = await asyncio.gather(settle(), capture())
        assert (settled, got) in {(0, "posted"), (1, "hold_expired")}
    assert await db.fetchval("select held from ledger.wallets where id = 'ann'") == 0
    assert await verify(db) == []


async def test_units_with_crossing_wallets(
    db: asyncpg.Connection, links: list[asyncpg.Connection]
) -> None:
    """No deadlock, and each unit is there whole or not at all."""
    await shop(db)
    await fund(db, "bob", 10_000)
    for _ in range(ROUNDS):
        there = [req(("ann", "bob", 1), unit=1), req(("bob", "shop", 1), unit=1)]
        back = [req(("shop", "bob", 1), unit=1), req(("bob", "ann", 1), unit=1)]
        got = await asyncio.gather(
            *(again(link, *(there if i % 2 else back)) for i, link in enumerate(links))
        )
        for answers in got:
            outcomes = [outcome for outcome, _ in answers]
            assert outcomes in (["posted", "posted"], ["refused", "undone"])
    assert await verify(db) == []
