"""A database that can't be used, or not by this release: one sentence says why, and nothing was
changed."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

from app.database.connections import connect
from app.database.url import BadUrl, driver_url
from app.host.embedded import start_embedded
from app.host.migrate import SQL, Unfit, is_current, migrate, release_of
from app.setting_values import BadSetting
from app.settings import read_settings
from sql.dump import dump
from tests.conftest import new_database, with_database
from tests.support.process import ServerProcess
from tests.support.rooms import let_in

EVERYTHING = (
    "select (select count(*) from pg_class), (select count(*) from pg_proc),"
    " (select count(*) from pg_namespace), (select array_agg(proacl::text) from pg_proc p"
    " join pg_namespace n on n.oid = p.pronamespace where n.nspname in ('ledger', 'zerosum'))"
)


async def refused(tmp_path: Path, url: str, sentence: str) -> None:
    """The start says this in one line, as the command does, and changes nothing."""
    conn = await asyncpg.connect(url)
    before = await conn.fetchrow(EVERYTHING)
    for command in ("serve", "migrate", "relay"):
        server = ServerProcess(tmp_path, url)
        with pytest.raises(AssertionError) as caught:
            await server.start(sys.executable, "-m", "app", command)
        lines = str(caught.value).strip().splitlines()
        assert sentence in lines[0], lines
        assert lines[0].startswith("zerosum: ")
        assert "Traceback" not in str(caught.value)
    assert await conn.fetchrow(EVERYTHING) == before
    await conn.close()


@pytest.mark.parametrize("schema", ["ledger", "zerosum"])
async def test_a_schema_that_is_somebody_elses(
    tmp_path: Path, server_url: str, schema: str
) -> None:
    async with new_database(server_url) as url:
        conn = await asyncpg.connect(url)
        await conn.execute(
            f"create schema {schema}; create table {schema}.transactions (id int);"
            f"create table {schema}.migrations (id int, name text);"
            f"create function {schema}.mine() returns int language sql as 'select 1'"
        )
        await conn.close()
        await refused(tmp_path, url, f"it has a schema {schema} that is not Zerosum's")


async def test_a_database_that_is_not_utf8(tmp_path: Path, server_url: str) -> None:
    name = f"zerosum_latin_{os.getpid()}"
    admin = await connect(server_url)
    await admin.execute(
        f"create database {name} template template0 encoding 'LATIN1' lc_collate 'C' lc_ctype 'C'"
    )
    try:
        await refused(tmp_path, with_database(server_url, name), "its encoding is LATIN1")
    finally:
        await admin.execute(f"drop database {name} with (force)")
        await admin.close()


async def test_a_database_that_takes_no_writes(tmp_path: Path, database_url: str) -> None:
    conn = await asyncpg.connect(database_url)
    name = await conn.fetchval("select current_database()")
    await conn.execute(f"alter database {name} set default_transaction_read_only = on")
    await conn.close()
    await refused(tmp_path, database_url, "it takes no writes")


@pytest.mark.slow
async def test_a_standby(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A cluster that was stopped in order and goes on in recovery, as a replica does."""
    room = tmp_path_factory.mktemp("standby")
    let_in(room)
    server = start_embedded(room / "data")
    conn = await connect(server.url)
    await migrate(conn)
    await conn.close()
    server.stop()
    (room / "data" / "standby.signal").touch()
    shutil.chown(room / "data" / "standby.signal", (room / "data").owner())
    server = start_embedded(room / "data")
    try:
        await refused(tmp_path_factory.mktemp("refused"), server.url, "it is a standby")
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("colour=blue", "DATABASE_URL has the parameter colour, which the driver does not know"),
        ("sslmode=require&colour=blue", "DATABASE_URL has the parameter colour"),
        ("sslmode", "DATABASE_URL is no URL"),
    ],
)
def test_a_parameter_that_is_not_known_is_named(query: str, sentence: str) -> None:
    with pytest.raises(BadSetting, match=sentence):
        read_settings({"DATABASE_URL": f"postgresql://u:p@h/d?{query}"})


def test_parameters_of_hosts_and_of_other_drivers_are_taken() -> None:
    """Those of Neon, Supabase, Prisma and libpq. What the driver understands reaches it unchanged."""
    head = "postgresql://u:p%40%2F@h:5432/d"
    for query, left in {
        "sslmode=require&channel_binding=require": "sslmode=require",
        "sslmode=require&connect_timeout=10": "sslmode=require",
        "pgbouncer=true&connection_limit=1": "",
        "host=/var/run&application_name=a%20b": "host=/var/run&application_name=a%20b",
        "options=-c%20geqo%3Doff": "options=-c%20geqo%3Doff",
    }.items():
        assert driver_url(f"{head}?{query}") == head + (f"?{left}" if left else "")
    assert driver_url(head) == head
    system = driver_url(f"{head}?sslrootcert=system")
    assert "sslmode=verify-full" in system
    assert "=system" not in system
    for text in ("mysql://h/d", "h:5432", "postgres:/h"):
        with pytest.raises(BadUrl):
            driver_url(text)


async def test_a_server_starts_with_them(tmp_path: Path, database_url: str) -> None:
    more = "&channel_binding=require&connect_timeout=10&pgbouncer=true"
    server = ServerProcess(tmp_path, database_url + more)
    await server.start()
    said = await server.end()
    assert "channel_binding=require is not known to the driver" in said


def newer_migration(sql: Path) -> None:
    (sql / "migrations" / "9999_later.sql").write_text("create table ledger.later ();\n")


def newer_function(sql: Path) -> None:
    path = sql / "functions" / "json" / "time_json.sql"
    path.write_text(path.read_text() + "-- Another release's.\n")
    number, _ = release_of(sql)
    (sql / "release").write_text(f"{number + 1} {release_of(sql)[1]}\n")


@pytest.mark.parametrize("change", [newer_migration, newer_function])
async def test_an_older_release_changes_nothing_of_a_newer_ones_database(
    tmp_path: Path, server_url: str, change: Callable[[Path], None]
) -> None:
    newer = Path(shutil.copytree(SQL, tmp_path / "sql"))
    change(newer)
    async with new_database(server_url) as url:
        conn = await connect(url)
        await migrate(conn)
        assert await is_current(conn)
        await migrate(conn, newer)
        assert await is_current(conn, newer)
        before = dump(url)
        with pytest.raises(Unfit, match="a newer release has migrated the database"):
            await migrate(conn)
        with pytest.raises(Unfit, match="run that one, or one that is newer"):
            await is_current(conn)
        assert dump(url) == before
        await migrate(conn, newer)
        await refused(tmp_path, url, "a newer release has migrated the database")
        await conn.close()


async def test_functions_of_an_older_release_are_not_current(
    tmp_path: Path, server_url: str
) -> None:
    """Only a function differs, no migration. A role that may not migrate says so, and does not fail
    at its first call."""
    newer = Path(shutil.copytree(SQL, tmp_path / "sql"))
    newer_function(newer)
    async with new_database(server_url) as url:
        conn = await connect(url)
        await migrate(conn)
        assert not await is_current(conn, newer)
        # The same number and other functions: a working copy that was edited.
        (newer / "release").write_text(f"{release_of(SQL)[0]} edited\n")
        assert not await is_current(conn, newer)
        await conn.close()


def test_the_release_counts_every_change_of_a_function() -> None:
    """`make schema` counts it up."""
    number, digest = (SQL / "release").read_text().split()
    assert (int(number), digest) == release_of(SQL)
