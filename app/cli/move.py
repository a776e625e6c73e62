"""`zerosum move …`: to another server or a newer major version of Postgres."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import asyncpg
import click

from app.cli.examples import examples
from app.cli.output import json_option, tell
from app.cli.progress import Progress
from app.cli.terminal import on_connection, with_database
from app.database.url import BadUrl, driver_url
from app.host import moving
from app.host.moving import CantMove

T = TypeVar("T")
LOOK_S = 0.5


class Url(click.ParamType[str]):
    name = "url"

    def convert(self, value: Any, param: click.Parameter | None, context: Any) -> str:
        try:
            return driver_url(str(value))
        except BadUrl as error:
            self.fail(f"it {error}", param, context)


target_argument = click.argument("target", metavar="TARGET_URL", type=Url())


@click.group()
def move() -> None:
    """Move all ledgers to another Postgres."""


def on_both(
    target: str, work: Callable[[asyncpg.Connection, asyncpg.Connection], Awaitable[T]]
) -> T:
    """Do something on DATABASE_URL's database, the source, and on the target."""

    async def with_source(source: asyncpg.Connection) -> T:
        return await on_connection(target, lambda conn: work(source, conn))

    try:
        return with_database(with_source)
    except CantMove as error:
        raise click.ClickException(str(error)) from None


@move.command("check", epilog=examples("move check postgresql://zerosum@new-host/zerosum"))
@target_argument
@json_option
def check(target: str) -> None:
    """Say what would stop a move.

    From DATABASE_URL to TARGET_URL, an empty database. It changes nothing.
    """
    found = on_both(target, moving.obstacles)
    for one in found:
        tell({"obstacle": one}, one)
    if found:
        raise click.ClickException(f"{len(found)} obstacles")
    tell({"obstacle": None}, "Nothing stops a move: zerosum move start")


@move.command("start", epilog=examples("move start postgresql://zerosum@new-host/zerosum"))
@target_argument
@click.option("--source-url", help="The source as the target reaches it.")
@click.option("--wait/--no-wait", default=True, show_default=True, help="Wait for the copy.")
@json_option
def start(target: str, source_url: str | None, wait: bool) -> None:
    """Copy all ledgers to the target, and keep it up to date.

    The source goes on as before. The command waits until all is copied; Ctrl-C ends the waiting,
    not the copy.
    """

    async def work(source: asyncpg.Connection, conn: asyncpg.Connection) -> moving.Progress:
        await moving.start(source, conn, source_url or url_of_source())
        now = await moving.progress(source, conn)
        with Progress("move", now.tables) as shown:
            while wait and now.ready < now.tables:
                shown.to(now.ready, "tables")
                await asyncio.sleep(LOOK_S)
                now = await moving.progress(source, conn)
        return now

    tell_progress(on_both(target, work))


def url_of_source() -> str:
    """Return the source's URL as it was given: Postgres reads it, and not our driver."""
    url = os.environ.get("DATABASE_URL")
    if not url:
        raise CantMove("name the source as the target reaches it, with --source-url")
    return url


@move.command("status", epilog=examples("move status postgresql://zerosum@new-host/zerosum"))
@target_argument
@json_option
def status(target: str) -> None:
    """Say how far the copy is."""
    tell_progress(on_both(target, moving.progress))


@move.command("finish", epilog=examples("move finish postgresql://zerosum@new-host/zerosum"))
@target_argument
@json_option
def finish(target: str) -> None:
    """Make the source read-only, and the target ready.

    Both are compared; if they differ, the source is writable again. Then set DATABASE_URL to the
    target and restart the servers. The source stays read-only.
    """
    seconds, lines = on_both(target, moving.finish)
    told = f"The target was ready after {seconds:.1f} s of read-only. Set DATABASE_URL to it now."
    tell({"seconds": round(seconds, 3), "ledgers": lines}, "\n".join([*lines, told]))


@move.command("cancel", epilog=examples("move cancel postgresql://zerosum@new-host/zerosum"))
@target_argument
@json_option
def cancel(target: str) -> None:
    """Give a move up.

    The source takes writes again, and the target is emptied.
    """
    on_both(target, moving.cancel)
    tell({"cancelled": True}, "The move is given up; the source goes on.")


def tell_progress(now: moving.Progress) -> None:
    told = {"tables": now.tables, "ready": now.ready, "behind": now.behind}
    what = "follows" if now.ready == now.tables else "is copied"
    tell(told, f"{now.ready} of {now.tables} tables; it {what}, {now.behind} bytes behind.")
