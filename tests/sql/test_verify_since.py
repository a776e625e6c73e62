"""Verifying what came after an earlier proof finds what is wrong there, and reads no more than it
must."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from app.database.connections import connect
from tests.support.faults import DISABLE, NEWEST
from tests.support.ledger import about, fund, hold, post, posted, req, stamp_all, wallets
from tests.support.until import until


async def since(db: asyncpg.Connection, seq: int) -> list[tuple[str, str, str]]:
    return [tuple(row) for row in await db.fetch("select * from zerosum.verify_since(1, $1)", seq)]


@pytest.fixture
async def busy(db: asyncpg.Connection) -> asyncpg.Connection:
    """Events 1 to 601, of which 301 on are new; three more transactions wait in the outbox."""
    await wallets(db, ("m1", "m2", "m3"))
    await fund(db, "m1", 1000)
    for count in (150, 150, 150, 147):
        await post(db, *[req(("m1", "m2", 1))] * count)
    later = datetime.now(UTC) + timedelta(days=1)
    held = await posted(db, hold(("m1", "m3", 50), expires_at=later))
    await posted(db, about("capture", held["id"], amount="20"))
    paid = await posted(db, req(("m1", "m2", 9)))
    await stamp_all(db)
    await posted(db, about("reversal", paid["id"], amount="4"))
    await post(db, *[req(("m1", "m3", 1))] * 2)
    assert await db.fetchval("select max(seq) from ledger.events") == 601
    for seq in (0, 1, 255, 300, 600, 601):
        assert await since(db, seq) == []
    return db


CHANGED = [
    ("wallet", "update ledger.wallets set posted = posted + 1 where id = 'm1'"),
    ("asset", "update ledger.wallets set posted = posted + 1 where id = 'm1'"),
    ("wallet", "update ledger.wallets set version = version + 1 where id = 'm2'"),
    ("wallet", "update ledger.wallets set held = held + 1 where id = 'm1'"),
    ("wallet", "update ledger.wallets set recorded_at = now() where id = 'm1'"),
    (
        "entry",
        f"update ledger.entries set amount = amount * 2 where transaction_id = {NEWEST}",
    ),
    (
        "entry",
        f"update ledger.entries set balance = balance + 1 where transaction_id = {NEWEST} - 40",
    ),
    (
        "entry",
        "update ledger.entries set version = 100000 where wallet_id = 'm2' and version = 400",
    ),
    ("transaction", f"delete from ledger.entries where transaction_id = {NEWEST}"),
    ("transaction", f"delete from ledger.transactions where id = {NEWEST}"),
    ("event", f"update ledger.transactions set reference = 'x' where id = {NEWEST}"),
    ("event", "delete from ledger.events where seq = 400"),
    ("event", "delete from ledger.outbox where ord = (select max(ord) from ledger.outbox)"),
    ("event", "update ledger.events set leaf = sha256('x') where seq = 400"),
    (
        "event",
        "update ledger.events set body = replace(body, '\"amount\":', '\"amount\":1') where seq = 400",
    ),
    (
        "event",
        "insert into ledger.outbox select ledger_id, ord + 9, id, aggregatetype, aggregateid,"
        " type, payload, transaction_id, recorded_at from ledger.outbox limit 1",
    ),
    ("feed", "delete from ledger.events where seq = 601"),
    (
        "log",
        "update ledger.tiles set hashes = set_byte(hashes, 99, 1 + get_byte(hashes, 99) % 200) where number = 1",
    ),
    ("hold", "update ledger.hold_postings set captured = captured - 1"),
    ("reversal", "update ledger.reversed_postings set reversed = reversed + 1"),
]


async def test_a_changed_row_is_found(busy: asyncpg.Connection) -> None:
    for fault, statement in CHANGED:
        await busy.execute(f"begin; {DISABLE}")
        assert await busy.execute(statement) not in {"UPDATE 0", "DELETE 0", "INSERT 0 0"}, (
            statement
        )
        assert fault in {kind for kind, _, _ in await since(busy, 300)}, statement
        await busy.execute("rollback")
    assert await since(busy, 300) == []


async def test_a_hold_that_was_only_placed_or_expired_is_looked_at(
    busy: asyncpg.Connection,
) -> None:
    """Neither writes an entry; the expired one belongs to an older transaction."""
    await wallets(busy, ("still", "brief"))
    await fund(busy, "still", 5)
    await fund(busy, "brief", 5)
    soon = datetime.now(UTC) + timedelta(milliseconds=300)
    expired = await posted(busy, hold(("brief", "m2", 2), expires_at=soon))
    await stamp_all(busy)
    seq = await busy.fetchval("select last_seq from ledger.feeds")
    await until(lambda: busy.fetchval("select zerosum.expire_holds(1, 10, false)"))
    await posted(busy, hold(("still", "m2", 3)))
    changed = (
        ("still", "update ledger.wallets set held = 2 where id = 'still'"),
        ("brief", "update ledger.wallets set held = 1 where id = 'brief'"),
        (
            str(expired["id"]),
            f"update ledger.hold_postings set status = 'captured' where hold_id = {expired['id']}",
        ),
    )
    for _ in ("in the outbox", "in the feed"):
        assert await since(busy, seq) == []
        for subject, statement in changed:
            await busy.execute(f"begin; {DISABLE}; {statement}")
            assert subject in {told for _, told, _ in await since(busy, seq)}, statement
            await busy.execute("rollback")
        await stamp_all(busy)


async def test_a_transaction_that_was_long_open_is_no_fault(
    busy: asyncpg.Connection, database_url: str
) -> None:
    """Its id is lower than those of others whose events come before its own."""
    other = await connect(database_url)
    await wallets(busy, ("late",))
    async with other.transaction():
        await other.fetch("select * from zerosum.credit(1, 'late', 1, source => 'm2')")
        await post(busy, *[req(("m1", "m3", 1))] * 50)
        await stamp_all(busy)
    await other.close()
    assert await since(busy, 654) == []
    await stamp_all(busy)
    assert await since(busy, 654) == []
