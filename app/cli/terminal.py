"""What the commands share: the database that they work on, and a ledger by its name."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import asyncpg
import click

from app.database.connections import call, connect_anyhow
from app.database.errors import DATABASE_ERRORS
from app.host.embedded import database
from app.host.not_ready import CantConnect
from app.host.startup import LEDGER
from app.http.bodies import MAX_ID
from app.settings import read_settings

T = TypeVar("T")

NUMBER = click.IntRange(1, MAX_ID)
PAGE = 1000  # rows of a list, at most

ledger_option = click.option(
    "--ledger", default=LEDGER, show_default=True, help="The ledger's name."
)


replica_option = click.option(
    "--replica", is_flag=True, help="Read from a standby, the first of DATABASE_REPLICA_URL."
)


def with_database(work: Callable[[asyncpg.Connection], Awaitable[T]], replica: bool = False) -> T:
    """Do something on one connection to the database: DATABASE_URL's, or the embedded one, started
    if need be. replica: to a standby instead. Raises click.UsageError if there is none."""
    settings = read_settings(os.environ)
    if replica:
        if not settings.replica_urls:
            raise click.UsageError("--replica needs DATABASE_REPLICA_URL")
        return asyncio.run(on_connection(settings.replica_urls[0], work))
    with database(settings) as url:
        return asyncio.run(on_connection(url, work))


async def on_connection(url: str, work: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
    try:
        conn = await connect_anyhow(url)
    except (*DATABASE_ERRORS, ValueError) as error:
        raise CantConnect(
            f"can't connect to the database ({error or type(error).__name__})"
        ) from None
    try:
        return await work(conn)
    finally:
        await conn.close()


def with_ledger(
    name: str,
    work: Callable[[asyncpg.Connection, int], Awaitable[T]],
    replica: bool = False,
) -> T:
    """The same, with the number of the ledger of this name."""

    async def find(conn: asyncpg.Connection) -> T:
        for row in await call(conn, "list_ledgers"):
            if row["name"] == name:
                return await work(conn, row["ledger_id"])
        raise no_such_ledger(name)

    return with_database(find, replica)


def no_such_ledger(name: str | None) -> click.ClickException:
    return click.ClickException(f"there is no ledger {name}; see zerosum ledgers list")


def in_ledger(name: str, function: str, /, **arguments: Any) -> list[asyncpg.Record]:
    """Call a function of one ledger, by its name."""

    async def work(conn: asyncpg.Connection, ledger: int) -> list[asyncpg.Record]:
        return await call(conn, function, ledger=ledger, **arguments)

    return with_ledger(name, work)
