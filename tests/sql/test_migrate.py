"""Migrations run once, edits are refused, functions are replaced and dropped; many migrators at
once."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from app.database.connections import connect
from app.host import migrate as migrate_module
from app.host.migrate import SQL, EditedMigration, ensure_app_role, migrate
from tests.conftest import new_database
from tests.support.ledger import until_waiting


@pytest.fixture
async def empty_url(server_url: str) -> AsyncIterator[str]:
    async with new_database(server_url) as url:
        yield url


@pytest.fixture
def sql(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SQL, tmp_path / "sql"))


async def functions(conn: asyncpg.Connection) -> set[str]:
    names = "select proname from pg_proc where pronamespace = 'zerosum'::regnamespace"
    return {row["proname"] for row in await conn.fetch(names)}


def test_function_files_have_names_of_their_own_and_rooms_that_are_told() -> None:
    paths = list(SQL.glob("functions/**/*.sql"))
    assert len({path.name for path in paths}) == len(paths)
    rooms = {path.parent.relative_to(SQL / "functions").as_posix() for path in paths}
    _, _, list_ = (SQL / "README.md").read_text().partition("The rooms of `functions/`:")
    told = re.findall(r"^- `(\w+)/`", list_, re.M)
    assert sorted(told) == sorted(rooms)


def test_every_function_file_creates_the_one_function_of_its_name() -> None:
    for path in SQL.glob("functions/**/*.sql"):
        text = path.read_text()
        made = re.findall(r"^create.* (?:function|procedure) (\S+?)\(", text, re.M | re.I)
        assert made == [f"zerosum.{path.stem}"], path.name
        assert text.startswith("--"), f"{path.name} begins by saying what it is for"
        assert re.search(r"^-- Locks", text, re.M | re.I), f"{path.name} tells its locks"
        assert re.search(r"Codes: ", text), f"{path.name} tells its codes"


async def test_migrations_run_once_and_functions_every_time(empty_url: str) -> None:
    conn = await connect(empty_url)
    assert await migrate(conn) == sorted(path.name for path in SQL.glob("migrations/*.sql"))
    await conn.execute(
        "create or replace function zerosum.time_json(at timestamptz) returns text"
        " language sql as 'select null::text'"
    )
    assert await migrate(conn) == []
    assert (
        await conn.fetchval("select zerosum.time_json('epoch')") == '"1970-01-01T00:00:00.000000Z"'
    )
    assert await functions(conn) == ours()
    await conn.close()


async def test_a_function_whose_file_is_gone_is_dropped(empty_url: str, sql: Path) -> None:
    conn = await connect(empty_url)
    (sql / "functions" / "extra.sql").write_text(
        "create or replace function zerosum.extra() returns int language sql as 'select 1'"
    )
    await migrate(conn, sql)
    assert "extra" in await functions(conn)
    await migrate(conn)
    assert "extra" not in await functions(conn)
    await conn.close()


async def test_an_edited_migration_stops_everything(empty_url: str, sql: Path) -> None:
    conn = await connect(empty_url)
    await migrate(conn)
    path = sql / "migrations" / "0001_tables.sql"
    path.write_text(path.read_text() + "-- edited\n")
    with pytest.raises(EditedMigration, match=r"0001_tables\.sql"):
        await migrate(conn, sql)
    await conn.close()


def ours() -> set[str]:
    """Return the functions of this release, and those that the release before still calls."""
    return {path.stem for kind in ("functions", "retired") for path in SQL.glob(f"{kind}/**/*.sql")}


async def test_a_migration_that_fails_leaves_nothing(empty_url: str, sql: Path) -> None:
    conn = await connect(empty_url)
    (sql / "migrations" / "9999_bad.sql").write_text("create table ledger.bad (); select 1/0;")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(conn, sql)
    assert await conn.fetchval("select to_regnamespace('ledger')") is None
    assert len(await migrate(conn)) == len(list(SQL.glob("migrations/*.sql")))
    await conn.close()


async def test_many_migrators_at_once_run_each_migration_once(empty_url: str) -> None:
    conns = [await connect(empty_url) for _ in range(10)]
    ran = await asyncio.gather(*(migrate(conn) for conn in conns))
    assert sum(len(names) for names in ran) == len(list(SQL.glob("migrations/*.sql")))
    for conn in conns:
        await conn.close()


async def test_migrators_of_two_databases_make_the_role_at_once(
    db: asyncpg.Connection, empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Roles belong to the cluster: the second migrator waits for the first one's transaction, and
    once failed by it."""
    monkeypatch.setattr(migrate_module, "APP_ROLE", role := f"zerosum_race_{os.getpid()}")
    second = await connect(empty_url)
    first = db.transaction()
    await first.start()
    assert await ensure_app_role(db)

    async def make() -> None:
        async with second.transaction():
            assert await ensure_app_role(second)
            # The second migrator's transaction goes on.
            assert await second.fetchval("select 1") == 1

    making = asyncio.create_task(make())
    await until_waiting(db, second)
    await first.commit()
    await making
    await second.close()
    await db.execute(f"drop role {role}")


async def test_migrating_inside_a_callers_transaction_keeps_the_functions(empty_url: str) -> None:
    """Inside a transaction everything belongs to a savepoint: once each function was taken for one
    without a file."""
    conn = await connect(empty_url)
    for _ in range(2):
        async with conn.transaction():
            await migrate(conn)
    assert await functions(conn) == ours()
    await conn.close()


def only_tables_before(sql: Path, name: str) -> None:
    """Leave the migrations before this one, and no functions."""
    for path in (*sql.glob("functions/**/*.sql"), *sql.glob("retired/*.sql")):
        path.unlink()
    for path in sql.glob("migrations/*.sql"):
        if path.name >= name:
            path.unlink()


async def test_a_retired_function_stays_as_long_as_its_file(empty_url: str, sql: Path) -> None:
    (sql / "retired").mkdir(exist_ok=True)
    file = sql / "retired/called_before.sql"
    file.write_text(
        "create or replace function zerosum.called_before() returns int language sql as 'select 1'"
    )
    conn = await connect(empty_url)
    await migrate(conn, sql)
    assert await conn.fetchval("select zerosum.called_before()") == 1
    file.unlink()
    await migrate(conn, sql)
    assert "called_before" not in await functions(conn)
    await conn.close()


async def test_what_has_paused_a_sink_becomes_a_column(empty_url: str, sql: Path) -> None:
    """0020: before, an error's text said that the settings had paused it."""
    only_tables_before(sql, "0020")
    conn = await connect(empty_url)
    await migrate(conn, sql)
    await conn.execute("""
        insert into ledger.ledgers (ledger_id, name) values (1, 'main');
        insert into ledger.sinks (ledger_id, name, url, types, sent_seq, configured, paused_at, error) values
            (1, 'a', 'kafka://h/t', '{*}', 0, true, now(), 'not in ZEROSUM_SINKS'),
            (1, 'b', 'kafka://h/t', '{*}', 0, true, now(), null),
            (1, 'c', 'kafka://h/t', '{*}', 0, false, null, 'no answer')
    """)
    await migrate(conn)
    rows = await conn.fetch("select name, paused_by, error from ledger.sinks order by 1")
    assert [tuple(row) for row in rows] == [
        ("a", "settings", None),
        ("b", "operator", None),
        ("c", None, "no answer"),
    ]
    await conn.close()


async def test_holds_move_into_their_postings(empty_url: str, sql: Path) -> None:
    """0011, 0014: earlier holds, settled or not, are as they were; what is settled stays settled."""
    only_tables_before(sql, "0011")
    conn = await connect(empty_url)
    await migrate(conn, sql)
    await conn.execute("""
        insert into ledger.holds (ledger_id, id, expires_at, settled_at, status) values
            (1, 1, null, null, 'pending'), (1, 2, '2040-01-01', '2030-01-01', 'captured'),
            (1, 3, '2040-01-01', null, 'pending');
        insert into ledger.hold_postings
            (ledger_id, hold_id, expires_at, posting, source, destination, asset, amount, captured, held)
        values (1, 1, null, 1, 'a', 'b', 'USD', 9, 2, 7),
            (1, 2, '2040-01-01', 1, 'a', 'b', 'USD', 5, 5, 0), (1, 2, '2040-01-01', 2, 'a', 'c', 'USD', 6, 0, 0),
            (1, 3, '2040-01-01', 1, 'a', 'b', 'USD', 5, 0, 5)
    """)
    await migrate(conn)
    rows = await conn.fetch(
        "select hold_id, posting, status, settled_at::text, due_at = expires_at"
        " from ledger.hold_postings order by 1, 2"
    )
    settled = rows[1]["settled_at"]
    assert settled.startswith("2030-01-01")
    assert [tuple(row) for row in rows] == [
        (1, 1, "pending", None, None),
        (2, 1, "captured", settled, None),
        (2, 2, "captured", settled, None),
        (3, 1, "pending", None, True),
    ]
    for change in ("captured = 1", "amount = 8", "expires_at = now()"):
        with pytest.raises(asyncpg.PostgresError, match="is refused"):
            await conn.execute(f"update ledger.hold_postings set {change} where hold_id = 1")
    with pytest.raises(asyncpg.PostgresError, match="is refused"):
        await conn.execute("update ledger.hold_postings set status = 'voided' where hold_id = 2")
    await conn.close()
