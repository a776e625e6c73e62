"""post(skip_locked): requests on locked wallets are `busy`, and hold up nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from app.database.connections import connect
from tests.support.ledger import Request, counts, fund, post, req, verify, wallets


@pytest.fixture
async def held(db: asyncpg.Connection, database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Another transaction has locked alice; returns its connection."""
    await wallets(db, ("alice", "bob", "carol", "dave"))
    for name in ("alice", "bob"):
        await fund(db, name, 100)
    holder = await connect(database_url)
    await holder.execute("begin; select from ledger.wallets where id = 'alice' for update")
    yield holder
    await holder.close()


async def skip(db: asyncpg.Connection, *requests: Request) -> list[str]:
    await db.execute("set lock_timeout = '2s'")
    return [outcome for outcome, _ in await post(db, *requests, skip_locked=True)]


async def test_requests_on_a_locked_wallet_are_busy_and_others_post(
    db: asyncpg.Connection, held: asyncpg.Connection
) -> None:
    before = await counts(db)
    many = req(("bob", "carol", 1), ("carol", "alice", 1))
    assert await skip(db, req(("alice", "bob", 1)), req(("bob", "alice", 1)), many) == ["busy"] * 3
    assert await counts(db) == before
    batch = [req(("alice", "bob", 1), key="a"), req(("bob", "carol", 1)), req(("nobody", "bob", 1))]
    assert await skip(db, *batch) == ["busy", "posted", "refused"]
    ((_, body),) = await post(db, batch[0], skip_locked=True)
    assert body == "alice"
    await held.execute("commit")
    assert await skip(db, *batch) == ["posted", "posted", "refused"]
    assert await skip(db, batch[0]) == ["replayed"]
    assert await verify(db) == []


async def test_a_later_request_with_a_busy_ones_key_is_busy_too(
    db: asyncpg.Connection, held: asyncpg.Connection
) -> None:
    """It may not be decided before the first one, or the key would belong to the wrong request."""
    first, second = req(("alice", "bob", 1), key="k"), req(("bob", "carol", 1), key="k")
    assert await skip(db, first, second, req(("bob", "carol", 1))) == ["busy", "busy", "posted"]


async def test_known_keys_are_answered_whatever_is_locked(
    db: asyncpg.Connection, held: asyncpg.Connection
) -> None:
    await held.execute("commit")
    request = req(("alice", "bob", 1), key="k")
    ((_, body),) = await post(db, request)
    await held.execute("begin; select from ledger.wallets for update")
    assert await post(db, request, skip_locked=True) == [("replayed", body)]
