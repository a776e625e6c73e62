"""The command `zerosum`, for people at a terminal and for process managers."""

from __future__ import annotations

import os
import sys
from typing import Any, TextIO

import asyncpg
import click

from app.api_keys import new_key, stored
from app.cli.export import export_ledger, import_ledger
from app.cli.money import COMMANDS
from app.cli.proof import proof
from app.cli.terminal import (
    NUMBER,
    PAGE,
    in_ledger,
    ledger_option,
    print_rows,
    with_database,
    with_ledger,
)
from app.cli.verify import parse_since, verify_ledgers
from app.database.connections import call
from app.database.errors import DATABASE_ERRORS
from app.host.embedded import EmbeddedError
from app.host.migrate import EditedMigration, Unfit, migrate
from app.host.startup import NotReady
from app.settings import MAX_WORKERS, BadSetting, read_settings
from app.sink_url import BadSink, parse_sink_url

stamp_only_option = click.option(
    "--stamp-only",
    is_flag=True,
    help="Empty the outbox into the feed and carry nothing out, where Debezium or the like does that.",
)


@click.group()
def cli() -> None:
    """A wallet engine in one Postgres."""


@cli.command()
@click.option("--relay/--no-relay", default=True, show_default=True, help="Carry events out too.")
@stamp_only_option
@click.option(
    "--workers",
    type=click.IntRange(1, MAX_WORKERS),
    help="Server processes on one socket.  [default: WEB_CONCURRENCY, or 1]",
)
@click.option("--quiet", is_flag=True, hidden=True)
@click.option("--listening", type=int, hidden=True)  # A worker's: the socket that the parent bound.
@click.option("--parent", type=int, hidden=True)  # And its tie to the parent.
def serve(
    relay: bool,
    stamp_only: bool,
    workers: int | None,
    quiet: bool,
    listening: int | None,
    parent: int | None,
) -> None:
    """Migrate, then serve the HTTP API until SIGTERM or Ctrl-C."""
    from app.host.serve import serve
    from app.host.workers import serve_workers

    settings = read_settings(os.environ)
    count = workers or settings.workers
    if count > 1 and parent is None:
        options = ["--relay" if relay else "--no-relay", *(["--stamp-only"] if stamp_only else [])]
        serve_workers(settings, count, options)
    else:
        serve(settings, relay, stamp_only, listening, parent, quiet)


@cli.command("relay")
@stamp_only_option
def relay_command(stamp_only: bool) -> None:
    """Carry events out until SIGTERM or Ctrl-C; a second one stands by."""
    from app.host.serve import relay_only

    relay_only(read_settings(os.environ), stamp_only=stamp_only)


@cli.command("migrate")
def migrate_command() -> None:
    """Bring the database up to date."""
    names = with_database(migrate)
    print("\n".join(f"applied {name}" for name in names) or "up to date")


@cli.command()
@click.option("--ledger", help="Only this one.")
@click.option(
    "--since",
    metavar="SEQ[:ROOT]",
    help="Only what came after this event of the ledger; ROOT: as it was told then, in base64.",
)
def verify(ledger: str | None, since: str | None) -> None:
    """Prove every ledger from its entries and events; exit 1 and tell each fault if there is one."""
    if since is not None and ledger is None:
        raise click.UsageError("--since is of one ledger; say which with --ledger")
    start = None if since is None else parse_since(since)
    sys.exit(1 if with_database(lambda conn: verify_ledgers(conn, ledger, start)) else 0)


@cli.command("export")
@ledger_option
def export_command(ledger: str) -> None:
    """Write the ledger to standard output as JSON lines, as of one moment."""
    with_ledger(ledger, lambda conn, number: export_ledger(conn, number, sys.stdout))


@cli.command("import")
@click.argument("file", type=click.File())
def import_command(file: TextIO) -> None:
    """Read an export from FILE (- is standard input) into a ledger that is empty, and verify it."""
    name, count = with_database(lambda conn: import_ledger(conn, file))
    print(f"ledger {name}: {count} lines imported, all is well")


@cli.command()
@click.option("--port", default=9000, show_default=True)
@click.option("--secret", help="whsec_…, to check signatures with.")
def receive(port: int, secret: str | None) -> None:
    """Receive webhooks on this machine: print each, and whether its signature holds."""
    from app.cli.receive import receive

    receive(port, secret)


@cli.group()
def ledgers() -> None:
    """Ledgers: namespaces that nothing crosses."""


@ledgers.command("create")
@click.argument("name")
def create_ledger(name: str) -> None:
    """Make a ledger, with the currencies of ISO 4217."""
    with_database(lambda conn: call(conn, "create_ledger", name=name))
    print(name)


@ledgers.command("list")
def list_ledgers() -> None:
    """The names of all ledgers."""
    for row in with_database(lambda conn: call(conn, "list_ledgers")):
        print(row["name"])


@cli.group()
def keys() -> None:
    """API keys."""


@keys.command("create")
@ledger_option
@click.option(
    "--scope", type=click.Choice(["read", "write", "admin"]), default="write", show_default=True
)
def create_key(ledger: str, scope: str) -> None:
    """Make an API key and print it, this once."""
    key = new_key()
    in_ledger(ledger, "add_key", **stored(key, scope))
    print(key)


@keys.command("list")
@ledger_option
def list_keys(ledger: str) -> None:
    """The ledger's API keys, without themselves."""
    print_rows(in_ledger(ledger, "list_keys", after=0, max=PAGE))


@keys.command("revoke")
@ledger_option
@click.argument("number", type=NUMBER)
def revoke_key(ledger: str, number: int) -> None:
    """Let the key with this id in no more."""
    if not in_ledger(ledger, "revoke_key", id=number)[0][0]:
        raise click.ClickException(f"the ledger {ledger} has no key {number}")


@cli.group()
def sinks() -> None:
    """Sinks: where a ledger's feed goes besides webhooks."""


@sinks.command("list")
@ledger_option
def list_sinks(ledger: str) -> None:
    """The ledger's sinks, without their URLs: state, cursor, how far behind, why."""
    print_rows(in_ledger(ledger, "list_sinks", after=0, max=PAGE))


@sinks.command("add")
@ledger_option
@click.argument("url")
def add_sink(ledger: str, url: str) -> None:
    """Carry the feed to URL too; one of that name gets this URL and keeps its cursor."""
    try:
        sink = parse_sink_url(url)
    except BadSink as error:
        raise click.ClickException(str(error)) from None
    given = {"name": sink.name, "url": url, "types": list(sink.types), "start": sink.start}
    rows = in_ledger(ledger, "create_sink", **given)
    if not rows:
        raise click.ClickException(f"{sink.name} comes from ZEROSUM_SINKS")
    print_rows(rows)


@sinks.command("pause")
@ledger_option
@click.argument("number", type=NUMBER)
def pause_sink(ledger: str, number: int) -> None:
    """Carry nothing more to the sink with this id, until it is resumed."""
    change_sink(ledger, number, paused=True)


@sinks.command("resume")
@ledger_option
@click.argument("number", type=NUMBER)
def resume_sink(ledger: str, number: int) -> None:
    """Go on from where it was paused."""
    change_sink(ledger, number, paused=False)


@sinks.command("rewind")
@ledger_option
@click.argument("number", type=NUMBER)
@click.argument("seq", type=NUMBER)
def rewind_sink(ledger: str, number: int, seq: int) -> None:
    """Carry from the event SEQ on, again, or past those before it."""
    change_sink(ledger, number, next_seq=seq)


@sinks.command("remove")
@ledger_option
@click.argument("number", type=NUMBER)
def remove_sink(ledger: str, number: int) -> None:
    """Forget the sink, its cursor with it."""
    if not in_ledger(ledger, "remove_sink", sink=number)[0][0]:
        raise click.ClickException(f"the ledger {ledger} has no sink {number}")


def change_sink(ledger: str, number: int, **change: Any) -> None:
    rows = in_ledger(ledger, "change_sink", sink=number, **change)
    if not rows:
        raise click.ClickException(f"the ledger {ledger} has no sink {number}")
    print_rows(rows)


@cli.group()
def wallets() -> None:
    """Wallets."""


@wallets.command("create")
@ledger_option
@click.argument("name")
@click.argument("asset")
def create_wallet(ledger: str, name: str, asset: str) -> None:
    """Make a wallet."""
    (row,) = in_ledger(ledger, "create_wallet", id=name, asset=asset, admin=True)
    if row["outcome"] == "refused":
        raise click.ClickException(row["body"])
    print(row["body"])


@wallets.command("list")
@ledger_option
@click.option("--prefix", default="", help="Only ids that begin with this.")
def list_wallets(ledger: str, prefix: str) -> None:
    """Wallets by id, at most 1,000."""
    print_rows(in_ledger(ledger, "list_wallets", after=None, max=PAGE, prefix=prefix))


for command in (proof, *COMMANDS):
    cli.add_command(command)


def main() -> None:
    """Run a command; what a person can mend ends it with one sentence and exit code 2."""
    try:
        cli()
    except (BadSetting, EmbeddedError, EditedMigration, NotReady, Unfit) as error:
        fail(str(error))
    except asyncpg.PostgresError as error:
        fail(str(error).replace("\nDETAIL: ", ""))
    except DATABASE_ERRORS as error:
        fail(f"the database is away: {error or type(error).__name__}")


def fail(sentence: str) -> None:
    print(f"zerosum: {sentence}", file=sys.stderr)
    sys.exit(2)
