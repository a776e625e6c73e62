"""The command `zerosum`, for people at a terminal and for process managers."""

from __future__ import annotations

import asyncio
import os
import sys

import click

from app.db import DATABASE_ERRORS, call, connect
from app.embedded import EmbeddedError, database
from app.migrate import EditedMigration, migrate
from app.prepare import NotReady
from app.settings import BadSetting, read_settings


@click.group()
def cli() -> None:
    """A wallet engine in one Postgres."""


@cli.command()
def serve() -> None:
    """Migrate, then serve the HTTP API and the relay until SIGTERM or Ctrl-C."""
    from app.serve import serve

    serve(read_settings(os.environ))


@cli.command("migrate")
def migrate_command() -> None:
    """Bring the database up to date."""
    with database(read_settings(os.environ)) as url:
        names = asyncio.run(migrate_database(url))
    print("\n".join(f"applied {name}" for name in names) or "up to date")


@cli.command()
def verify() -> None:
    """Prove every ledger from its entries and events; exit 1 and tell each fault if there is one."""
    with database(read_settings(os.environ)) as url:
        faults = asyncio.run(verify_database(url))
    sys.exit(1 if faults else 0)


async def migrate_database(url: str) -> list[str]:
    conn = await connect(url)
    try:
        return await migrate(conn)
    finally:
        await conn.close()


async def verify_database(url: str) -> int:
    """Print what each ledger's verification found; return how many faults there are."""
    conn = await connect(url)
    count = 0
    try:
        for ledger in await call(conn, "list_ledgers"):
            faults = await call(conn, "verify", ledger=ledger["ledger_id"])
            for fault in faults:
                print(f"{ledger['name']}: {fault['fault']} {fault['subject']}: {fault['detail']}")
            verdict = f"{len(faults)} faults" if faults else "all is well"
            print(f"ledger {ledger['name']}: {verdict}")
            count += len(faults)
    finally:
        await conn.close()
    return count


def main() -> None:
    """Run a command; what a person can mend ends it with one sentence and exit code 2."""
    try:
        cli()
    except (BadSetting, EmbeddedError, EditedMigration, NotReady) as error:
        fail(str(error))
    except DATABASE_ERRORS as error:
        fail(f"the database says: {error or type(error).__name__}")


def fail(sentence: str) -> None:
    print(f"zerosum: {sentence}", file=sys.stderr)
    sys.exit(2)
