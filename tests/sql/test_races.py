"""Several sessions at once: keys, first uses of @world, opposite orders of keys."""

from __future__ import annotations

import asyncio

import asyncpg

from tests.support.ledger import again, req, verify, wallet

ROUNDS = 40


async def test_a_key_posts_once_whoever_comes_first(
    db: asyncpg.Connection, links: list[asyncpg.Connection]
) -> None:
    """The same key and request; the same key with other wallets; the first use of @world; all at
    once."""
    for n in range(ROUNDS):
        asset = f"A{n}"
        await db.execute("insert into ledger.assets values (1, $1, 0)", asset)
        for name in "xyz":
            await wallet(db, f"{name}{n}", asset)
        got = await asyncio.gather(
            *(
                again(
                    link,
                    req(("@world", f"x{n}", 5), key=f"race{n}"),
                    req((f"@world:{asset}", f"{'xyzxyz'[i]}{n}", 1), key=f"turn{n}"),
                )
                for i, link in enumerate(links)
            )
        )
        firsts = [answers[0] for answers in got]
        assert sorted(outcome for outcome, _ in firsts) == ["posted"] + ["replayed"] * 5
        assert len({body for _, body in firsts}) == 1
        seconds = sorted(answers[1][0] for answers in got)
        assert seconds == ["posted"] + ["refused"] * 4 + ["replayed"]
    assert await verify(db) == []


async def test_keys_in_opposite_orders_do_not_deadlock(
    db: asyncpg.Connection, links: list[asyncpg.Connection]
) -> None:
    await wallet(db, "alice")
    await wallet(db, "eva", "EUR")
    for n in range(ROUNDS):
        up = [req(("@world", "alice", 1), key=f"{n}-{i}") for i in range(20)]
        down = [req(("@world", "eva", 1), key=f"{n}-{i}") for i in reversed(range(20))]
        await asyncio.gather(again(links[0], *up), again(links[1], *down))
    assert await db.fetchval("select count(*) from ledger.transactions") == ROUNDS * 20
