"""What the database refuses even to the tables' owner, under session_replication_role too."""

from __future__ import annotations

import asyncpg
import pytest

from tests.support.ledger import (
    about,
    codes,
    counts,
    fund,
    hold,
    lease,
    posted,
    raises,
    req,
    stamp,
    wallets,
)

LAST = 10**6


def entry(
    name: str, amount: float, *, posting: int = 1, transaction: str = "10^9", **other: str
) -> str:
    """Return a row of ledger.entries as SQL values, far from the real ones unless told otherwise."""
    version, asset = other.get("version", str(LAST)), other.get("asset", "USD")
    return (
        f"(1, {version}, ({transaction})::bigint, '2026-01-01Z', {posting}, '{name}', '{asset}',"
        f" {amount}, 0)"
    )


def insert(*rows: str) -> str:
    return f"insert into ledger.entries values {', '.join(rows)}"


FIRST = "select min(transaction_id) from ledger.entries"
TAMPERING = {
    "ZS901": [
        insert(entry("alice", 5)),
        insert(entry("alice", 5), entry("bob", -4)),
        insert(entry("alice", 5, asset="EUR"), entry("bob", -5)),
        insert(entry("alice", 5, posting=2), entry("bob", -5, posting=2)),
        insert(
            entry("alice", 5),
            entry("bob", -5),
            entry("alice", 5, posting=3, version="99"),
            entry("bob", -5, posting=3, version="99"),
        ),
        insert(
            entry("alice", 5, posting=2, transaction=FIRST),
            entry("bob", -5, posting=2, transaction=FIRST),
        ),
    ],
    "23505": [insert(entry("alice", 5, transaction=FIRST), entry("bob", -5, transaction=FIRST))],
    "23514": [
        insert(entry("alice", 0), entry("bob", 0)),
        insert(entry("alice", 0.5), entry("bob", -0.5)),
        "insert into ledger.wallets (ledger_id, id, asset) values (1, 'a b', 'USD')",
        "insert into ledger.wallets (ledger_id, id, asset) values (1, '@world:USD2', 'USD')",
        "update ledger.wallets set min_balance = 0 where id = '@world:USD'",
        "update ledger.wallets set status = 'frozen' where id = '@world:USD'",
        "update ledger.wallets set min_balance = posted + 1 where id = 'alice'",
        "update ledger.wallets set held = posted + 1 where id = 'alice'",
        "update ledger.wallets set max_balance = posted - 1 where id = 'alice'",
        *(
            f"update ledger.hold_postings set {change}"
            for change in (
                "captured = 1.5, held = 1.5",
                "captured = -1",
                "held = 'NaN'",
                "held = 3",
                "captured = 2",
                "status = 'done'",
                "status = 'voided', held = 0",
                "settled_at = now(), held = 0",
                "status = 'voided', settled_at = now()",
            )
        ),
        *(
            "insert into ledger.hold_postings (ledger_id, hold_id, posting, source, destination, asset, amount, held)"
            f" values (1, 0, 1, 'alice', 'bob', 'USD', {amount}, 0)"
            for amount in ("0", "-1", "0.5", "1e38", "'NaN'")
        ),
    ],
    "ZS902": [
        *(
            f"{verb} ledger.{table}{rest}"
            for table, column in (
                ("entries", "amount"),
                ("transactions", "kind"),
                ("events", "body"),
            )
            for verb, rest in (
                ("update", f" set {column} = {column}"),
                ("delete from", ""),
                ("truncate", ""),
            )
        ),
        "delete from ledger.wallets",
        "truncate ledger.wallets",
        "update ledger.outbox set payload = payload",
        "truncate ledger.outbox",
        "update ledger.wallets set asset = 'EUR' where id = 'alice'",
        "update ledger.wallets set id = 'alicia' where id = 'alice'",
        "update ledger.wallets set ledger_id = 2 where id = 'alice'",
        *(
            f"update ledger.hold_postings set {change}"
            for change in (
                "amount = 2",
                "source = 'bob'",
                "expires_at = now()",
                "hold_id = 1",
                "captured = 0",
                "captured = 0, held = 3",
            )
        ),
        "delete from ledger.hold_postings",
    ],
    "ZS903": [
        "update ledger.wallets set posted = posted + 1, version = version + 1 where id = 'alice'",
        "update ledger.wallets set posted = posted + 1 where id = 'alice'",
        "update ledger.wallets set version = version + 1 where id = 'alice'",
        "update ledger.wallets set version = version - 1 where id = 'alice'",
        "update ledger.wallets w set version = e.version, posted = e.balance, recorded_at = e.recorded_at"
        " from ledger.entries e where w.id = 'alice' and e.wallet_id = 'alice' and e.version = 1",
        "update ledger.wallets set recorded_at = now() where id = 'alice'",
        "insert into ledger.wallets (ledger_id, id, asset, posted) values (1, 'rich', 'USD', 5)",
        "insert into ledger.wallets (ledger_id, id, asset, version) values (1, 'rich', 'USD', 5)",
    ],
}


@pytest.fixture
async def moved(db: asyncpg.Connection) -> asyncpg.Connection:
    await wallets(db, ("alice", "bob"))
    await fund(db, "alice", 100)
    assert await codes(db, req(("alice", "bob", 1))) == ["posted"]
    held = await posted(db, hold(("alice", "bob", 3)))
    assert await codes(db, about("capture", held["id"], amount="1")) == ["posted"]
    assert await stamp(db, "r", await lease(db, "r"), 1) == 1
    return db


@pytest.mark.parametrize(
    ("sqlstate", "statement"),
    [(sqlstate, text) for sqlstate, texts in TAMPERING.items() for text in texts],
)
async def test_tampering_by_the_owner_is_refused(
    moved: asyncpg.Connection, sqlstate: str, statement: str
) -> None:
    before = await counts(moved)
    await raises(sqlstate, moved.execute(statement))
    await moved.execute("begin; set local session_replication_role = replica")
    with pytest.raises(asyncpg.PostgresError):
        await moved.execute(statement)
    await moved.execute("rollback")
    assert await counts(moved) == before


async def test_time_never_falls_along_a_wallets_versions(moved: asyncpg.Connection) -> None:
    """A wallet's last entry lies in the future. The next one is not earlier, unless that future is
    far away: then the clock went back, and is followed."""
    newest = (
        "select recorded_at > clock_timestamp() + interval '10 seconds', clock_timestamp() < '2100-01-01Z'"
        " from ledger.entries order by transaction_id desc limit 1"
    )
    for future, kept in (("clock_timestamp() + interval '30 s'", True), ("'2100-01-01Z'", False)):
        await moved.execute(
            "alter table ledger.wallets disable trigger all;"
            f"update ledger.wallets set recorded_at = {future} where id = 'alice'"
        )
        assert await codes(moved, req(("alice", "bob", 1))) == ["posted"]
        assert tuple(await moved.fetchrow(newest) or ()) == (kept, True)
        await moved.execute("update ledger.wallets set recorded_at = clock_timestamp()")


async def test_a_trigger_for_truncate_is_for_nothing_else(db: asyncpg.Connection) -> None:
    """On Citus such a trigger is silently absent from the shards, with all that it refuses. And each
    table that refuses to be emptied has one."""
    truncates, others = 1 << 5, (1 << 2) | (1 << 3) | (1 << 4)  # As pg_trigger.tgtype has them.
    rows = await db.fetch(
        "select tgname, tgtype, tgenabled from pg_trigger t join pg_class c on c.oid = t.tgrelid"
        " where c.relnamespace = 'ledger'::regnamespace and not tgisinternal"
    )
    emptied = [row for row in rows if row["tgtype"] & truncates]
    assert len(emptied) == 11
    assert [row["tgname"] for row in emptied if row["tgtype"] & others] == []
    assert {row["tgenabled"] for row in rows} == {b"A"}
