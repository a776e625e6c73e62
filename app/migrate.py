"""Bring a database up to date with sql/: each migration once, every function every time.

`sql/migrations/NNNN_name.sql` change the schema `ledger` and run once, in order; a file that has run and was
edited since stops everything. `sql/functions/NAME.sql` each create the function `zerosum.NAME`, replaced on every
run (callers keep seeing one function, old or new); a function whose file is gone is dropped. All of it is one
transaction, and an advisory lock lets one migrator at a time through.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import asyncpg

SQL = Path(__file__).parent.parent / "sql"
LOCK_KEY = 0x7A65726F  # "zero"

BOOTSTRAP = """
set local client_min_messages = warning;
create schema if not exists ledger;
create schema if not exists zerosum;
create table if not exists ledger.migrations (
    name text primary key,
    sha256 text not null,
    applied_at timestamptz not null default clock_timestamp()
);
"""

# CREATE OR REPLACE rewrites the row in pg_proc, so a function that this transaction did not write is one whose
# file is gone.
STALE_FUNCTIONS = """
select format('drop routine %s', oid::regprocedure)
from pg_proc
where pronamespace = 'zerosum'::regnamespace and xmin <> pg_current_xact_id()::xid
"""


class EditedMigration(Exception):
    """A migration that has run differs from its file: restore the file and add a new one."""


async def migrate(conn: asyncpg.Connection, sql: Path = SQL) -> list[str]:
    """Apply what is missing; return the names of the migrations that ran now. Raises EditedMigration."""
    async with conn.transaction():
        await conn.execute("select pg_advisory_xact_lock($1)", LOCK_KEY)
        await conn.execute(BOOTSTRAP)
        ran = await run_migrations(conn, sql)
        # Bodies name each other's functions, so they are checked when all are there: at their first call.
        await conn.execute("set local check_function_bodies = off")
        for _, text in sql_files(sql, "functions"):
            await conn.execute(text)
        for (drop,) in await conn.fetch(STALE_FUNCTIONS):
            await conn.execute(drop)
    return ran


async def run_migrations(conn: asyncpg.Connection, sql: Path) -> list[str]:
    rows = await conn.fetch("select name, sha256 from ledger.migrations")
    applied = {row["name"]: row["sha256"] for row in rows}
    ran = []
    for name, text in sql_files(sql, "migrations"):
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


def sql_files(sql: Path, folder: str) -> list[tuple[str, str]]:
    """Names and texts, in order of name."""
    return [(path.name, path.read_text()) for path in sorted(sql.glob(f"{folder}/*.sql"))]
