"""Bring a database up to date with sql/: each migration once, every function every time.

`sql/migrations/NNNN_name.sql` change the schema `ledger`. They run once, in order; a file that was
edited after it ran stops everything. `sql/functions/ROOM/NAME.sql` each create the function
`zerosum.NAME`, replaced on every run (callers always see one function, the old or the new). A
function whose file is gone is dropped; functions that the release before still calls stay for one
release, in `sql/retired/`. All of it is one transaction, and an advisory lock admits one migrator
at a time.

Nobody but the role `zerosum_app` and the owner may call the functions, and nobody but the owner may
touch the tables.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable
from pathlib import Path

import asyncpg

from app.database.connections import call, transaction
from app.host.citus.conversion import (
    SHARDS,
    admit_changes,
    distribute_functions,
    distribute_tables,
    functions,
    guard_shards,
    is_distributed,
)

SQL = Path(__file__).parents[2] / "sql"
LOCK_KEY = 0x7A65726F  # "zero"
LOCK_TIMEOUT = (
    "2s"  # Wait this long for a table's lock, so that what queues behind us waits no longer.
)
TRIES = 20
PAUSE_S = 0.5
APP_ROLE = "zerosum_app"

BOOTSTRAP = """
set local client_min_messages = warning;
create schema if not exists ledger;
create schema if not exists zerosum;
create table if not exists ledger.migrations (
    name text primary key,
    sha256 text not null,
    applied_at timestamptz not null default clock_timestamp()
);
-- Which release's functions are here. number: of sql/release, which every change of a function counts up.
create table if not exists ledger.releases (
    number int primary key,
    sha256 text not null,
    applied_at timestamptz not null default clock_timestamp()
);
"""

# CREATE OR REPLACE rewrites the row in pg_proc, so a function whose row is where it was before has
# no file. (Its xmin alone would not tell: inside a caller's transaction a savepoint's changes have
# another one.)
FUNCTIONS = """
select oid, ctid::text || xmin::text as place, oid::regprocedure::text as name
from pg_proc where pronamespace = 'zerosum'::regnamespace
"""

REVOKE = "revoke all on all routines in schema zerosum, ledger from public"
GRANT = f"""
grant usage on schema zerosum to {APP_ROLE};
grant execute on all routines in schema zerosum to {APP_ROLE};
"""

log = logging.getLogger("zerosum")


class EditedMigration(Exception):
    """A migration that has run differs from its file. Restore the file, and add a new one."""


class Unfit(Exception):
    """This release can't migrate the database; the message says why and what to do. Nothing was
    changed."""


# What a database must be, and the message when it is not. The first that fails is reported.
FITNESS = """
select case
    when pg_is_in_recovery() then 'it is a standby, which takes no writes; give the address of the primary'
    when current_setting('transaction_read_only') = 'on' then
        'it takes no writes; give the address of the primary, or end default_transaction_read_only'
    when current_setting('server_encoding') <> 'UTF8' then 'its encoding is '
        || current_setting('server_encoding') || '; make one with encoding UTF8'
    when not ours.is_there and foreign_schema.name is not null then 'it has a schema ' || foreign_schema.name
        || ' that is not Zerosum''s; use a database without one'
end
from (select exists (
    select from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
    where n.nspname = 'ledger' and c.relname = 'migrations' and a.attname in ('name', 'sha256', 'applied_at')
    having count(*) = 3
)) ours (is_there)
left join lateral (
    select n.nspname as name from pg_namespace n where n.nspname in ('ledger', 'zerosum') order by 1 limit 1
) foreign_schema on true
"""


Tell = Callable[[int, str], None]


def steps(sql: Path = SQL) -> int:
    """Return how many steps migrate() tells."""
    return sum(len(sql_files(sql, room)) for room in ("migrations", "functions", "retired"))


async def migrate(
    conn: asyncpg.Connection, sql: Path = SQL, tell: Tell = lambda *_: None
) -> list[str]:
    """Apply what is missing, and return the names of the migrations that ran now. tell: is called
    before each step with the number of those that are done and the step's name. Raises
    EditedMigration, Unfit.

    A lock that is not free soon rolls everything back, and it is tried again: the service goes on
    meanwhile.
    """
    for left in reversed(range(TRIES)):
        try:
            ran = await migrate_once(conn, sql, tell)
            if await is_distributed(conn):
                await guard_shards(conn)
            return ran
        except asyncpg.LockNotAvailableError:
            if not left:
                raise
            log.warning("a table is locked; the migration is tried again")
            await asyncio.sleep(PAUSE_S)
    raise AssertionError


async def migrate_once(conn: asyncpg.Connection, sql: Path, tell: Tell) -> list[str]:
    async with transaction(conn):
        await conn.execute("select pg_advisory_xact_lock($1)", LOCK_KEY)
        await check_fitness(conn)
        await conn.execute(f"set local lock_timeout = '{LOCK_TIMEOUT}'")
        await conn.execute(BOOTSTRAP)
        await refuse_newer(conn, sql)
        scaled = await is_distributed(conn)
        if scaled and await pending(conn, sql):
            await conn.execute(admit_changes(LOCK_TIMEOUT))
        ran = await run_migrations(conn, sql, tell)
        # Bodies name each other's functions, so Postgres checks them when all are there, at their
        # first call.
        await conn.execute("set local check_function_bodies = off")
        before = {row["oid"]: row["place"] for row in await conn.fetch(FUNCTIONS)}
        done = len(sql_files(sql, "migrations"))
        for name, text in functions(sql, texts(sql)) if scaled else texts(sql):
            tell(done, name)
            await conn.execute(text)
            done += 1
        for row in await conn.fetch(FUNCTIONS):
            if before.get(row["oid"]) == row["place"]:
                await conn.execute(f"drop routine {row['name']}")
        if scaled:
            await distribute_tables(conn, sql, SHARDS)
            await distribute_functions(conn)
        await conn.execute(
            "insert into ledger.releases (number, sha256) values ($1, $2)"
            " on conflict (number) do update set sha256 = excluded.sha256, applied_at = default"
            " where releases.sha256 <> excluded.sha256",
            *release_of(sql),
        )
        await conn.execute(REVOKE)
        if await ensure_app_role(conn):
            await conn.execute(GRANT)
    return ran


async def check_fitness(conn: asyncpg.Connection) -> None:
    """Raise Unfit for a database that no release can use."""
    if why := await conn.fetchval(FITNESS):
        raise Unfit(f"the database can't be used: {why}.")


async def ensure_app_role(conn: asyncpg.Connection) -> bool:
    """Create the role that may call the verbs and nothing else. Return False where the host allows
    only one role."""
    if await conn.fetchval("select exists (select from pg_roles where rolname = $1)", APP_ROLE):
        return True
    try:
        async with conn.transaction():
            await conn.execute(f"create role {APP_ROLE} nologin")
    except asyncpg.InsufficientPrivilegeError:
        return False
    # Roles belong to the cluster: another database's migrator was first. (If it has not committed
    # yet, the index says so.)
    except (asyncpg.DuplicateObjectError, asyncpg.UniqueViolationError):
        return True
    return True


async def ensure_login(conn: asyncpg.Connection, name: str) -> None:
    """Create a login that may call the verbs and nothing else."""
    if not await conn.fetchval("select exists (select from pg_roles where rolname = $1)", name):
        await conn.execute(f"create role {name} login in role {APP_ROLE}")


async def may_migrate(conn: asyncpg.Connection) -> bool:
    """Return whether this role owns the tables, or may create them."""
    return bool(
        await conn.fetchval(
            "select coalesce((select pg_has_role(nspowner, 'usage') from pg_namespace where nspname = 'ledger'),"
            " has_database_privilege(current_database(), 'create'))"
        )
    )


async def is_current(conn: asyncpg.Connection, sql: Path = SQL) -> bool:
    """Return whether this release's migrations and functions are installed, for roles that may only
    call functions. Raises Unfit if a newer release's are."""
    try:
        async with conn.transaction():
            (row,) = await call(conn, "release")
    except (asyncpg.UndefinedFunctionError, asyncpg.InvalidSchemaNameError):
        return False
    number, digest = release_of(sql)
    newest = sql_files(sql, "migrations")[-1][0]
    if row["migration"] > newest or (row["number"] or 0) > number:
        raise newer(row["migration"] if row["migration"] > newest else f"release {row['number']}")
    return (row["migration"], row["number"], row["sha256"]) == (newest, number, digest)


async def refuse_newer(conn: asyncpg.Connection, sql: Path) -> None:
    """Raise Unfit if a newer release has migrated here: this release's functions would break its
    tables."""
    known = [name for name, _ in sql_files(sql, "migrations")]
    unknown = await conn.fetchval(
        "select max(name) from ledger.migrations where name <> all ($1)", known
    )
    if unknown is not None:
        raise newer(unknown)
    number = await conn.fetchval("select max(number) from ledger.releases")
    if (number or 0) > release_of(sql)[0]:
        raise newer(f"release {number}")


def newer(what: str) -> Unfit:
    return Unfit(
        f"a newer release has migrated the database, which has {what}; run that one, or one that is newer."
    )


def release_of(sql: Path) -> tuple[int, str]:
    """Return the number in sql/release and the digest of the functions. (A test compares the two.)"""
    digest = hashlib.sha256()
    for name, text in texts(sql) + sql_files(sql, "citus"):
        digest.update(f"{name}\0{text}\0".encode())
    return int((sql / "release").read_text().split()[0]), digest.hexdigest()


async def pending(conn: asyncpg.Connection, sql: Path) -> bool:
    """Return whether a migration has not run here yet."""
    names = [name for name, _ in sql_files(sql, "migrations")]
    applied = await conn.fetchval(
        "select count(*) from ledger.migrations where name = any ($1)", names
    )
    return bool(applied < len(names))


async def run_migrations(conn: asyncpg.Connection, sql: Path, tell: Tell) -> list[str]:
    rows = await conn.fetch("select name, sha256 from ledger.migrations")
    applied = {row["name"]: row["sha256"] for row in rows}
    ran = []
    for number, (name, text) in enumerate(sql_files(sql, "migrations")):
        tell(number, name)
        digest = hashlib.sha256(text.encode()).hexdigest()
        if name not in applied:
            await conn.execute(text)
            await conn.execute(
                "insert into ledger.migrations (name, sha256) values ($1, $2)", name, digest
            )
            ran.append(name)
        elif applied[name] != digest:
            raise EditedMigration(
                f"sql/migrations/{name} has run here and was edited since; "
                "restore it and put the change into a new file."
            )
    return ran


def texts(sql: Path) -> list[tuple[str, str]]:
    """Return names and texts of the functions, and of those that the release before calls."""
    return sql_files(sql, "functions") + sql_files(sql, "retired")


def sql_files(sql: Path, folder: str) -> list[tuple[str, str]]:
    """Return names and texts, in the order of the names, of the files in the folder and below it."""
    paths = sorted(sql.glob(f"{folder}/**/*.sql"), key=lambda path: path.name)
    return [(path.name, path.read_text()) for path in paths]
