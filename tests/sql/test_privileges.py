"""The app's role may call the verbs and nothing else; nobody else may do even that."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from app.database.connections import call
from app.host import migrate as migrate_module
from app.host.migrate import is_current, may_migrate, migrate
from tests.support.ledger import MAIN, raises, wallets

TABLES = (
    "select relname from pg_class where relnamespace = 'ledger'::regnamespace and relkind = 'r'"
)


@pytest.fixture
async def as_app(db: asyncpg.Connection) -> AsyncIterator[asyncpg.Connection]:
    await wallets(db, ("alice",))
    await db.execute("set role zerosum_app")
    yield db
    await db.execute("reset role")


async def test_the_app_may_call_the_verbs(as_app: asyncpg.Connection) -> None:
    (row,) = await call(as_app, "credit", ledger=MAIN, wallet="alice", amount=5)
    assert not row["replayed"]
    (leases,) = (await call(as_app, "take_leases", holder="r", seconds=5.0),)
    assert leases
    assert await call(as_app, "verify", ledger=MAIN) == []
    assert await is_current(as_app)
    assert not await may_migrate(as_app)


async def test_the_app_may_not_touch_the_tables(as_app: asyncpg.Connection) -> None:
    await as_app.execute("reset role")
    tables = [row["relname"] for row in await as_app.fetch(TABLES)]
    assert len(tables) > 8
    await as_app.execute("set role zerosum_app")
    for table in tables:
        for statement in (
            f"select from ledger.{table}",
            f"delete from ledger.{table}",
            f"truncate ledger.{table}",
            f"insert into ledger.{table} default values",
        ):
            await raises("42501", as_app.execute(statement))
    await raises("42501", as_app.execute("create table ledger.mine ()"))
    await raises("42501", as_app.execute("create table zerosum.mine ()"))
    await raises("42501", as_app.execute("select setval('ledger.awake', 0)"))


async def test_nobody_else_may_call_the_verbs(db: asyncpg.Connection) -> None:
    open_to_all = await db.fetch(
        "select oid::regprocedure from pg_proc where pronamespace in"
        " ('zerosum'::regnamespace, 'ledger'::regnamespace)"
        " and (proacl is null or exists (select from aclexplode(proacl) where grantee = 0))"
    )
    assert open_to_all == []


async def test_functions_that_run_as_the_owner_name_their_search_path(
    db: asyncpg.Connection,
) -> None:
    loose = await db.fetch(
        "select oid::regprocedure from pg_proc where pronamespace in"
        " ('zerosum'::regnamespace, 'ledger'::regnamespace) and prosecdef"
        " and not coalesce(proconfig, '{}') @> array['search_path=pg_catalog, pg_temp']"
    )
    assert loose == []


async def test_it_runs_where_the_host_gives_one_role_only(
    db: asyncpg.Connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A login that owns its database and may create no roles."""
    monkeypatch.setattr(migrate_module, "APP_ROLE", "zerosum_absent")
    await db.execute("create role zerosum_only login")
    await db.execute("create database zerosum_single owner zerosum_only")
    single = await asyncpg.connect(
        database_url.replace("//postgres@", "//zerosum_only@").replace(
            database_url.split("/")[3].split("?")[0], "zerosum_single"
        )
    )
    try:
        assert await may_migrate(single)
        assert await migrate(single)
        await call(single, "create_ledger", name="main")
        assert await call(single, "verify", ledger=1) == []
    finally:
        await single.close()
        await db.execute("drop database zerosum_single")
        await db.execute("drop role zerosum_only")
