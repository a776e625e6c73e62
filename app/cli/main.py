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
    help="Only give events their place in the feed, where Debezium or the like sends them.",
)


@click.group()
def cli() -> None:
    """A wallet engine in one Postgres."""


@cli.command()
@click.option("--relay/--no-relay", default=True, show_default=True, help="Run the relay too.")
@stamp_only_option
@click.option(
    "--workers",
    type=click.IntRange(1, MAX_WORKERS),
    help="Server processes on one socket.  [default: WEB_CONCURRENCY, or 1]",
)
@click.option("--quiet", is_flag=True, hidden=True)
# For workers: the socket that the parent bound.
@click.option("--listening", type=int, hidden=True)
@click.option("--parent", type=int, hidden=True)  # For workers: the tie to the parent.
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
    """Run the relay until SIGTERM or Ctrl-C; a second one stands by."""
    from app.host.serve import relay_only

    relay_only(read_settings(os.environ), stamp_only=stamp_only)


@cli.command("migrate")
def migrate_command() -> None:
    """Bring the database up to date."""
    names = with_database(migrate)
    print("\n".join(f"applied {name}" for name in names) or "up to date")


@cli.command()
@click.option("--ledger", help="Verify only this ledger.")
@click.option(
    "--since",
    metavar="SEQ[:ROOT]",
    help="Verify only what came after this event; ROOT: the log's root then, in base64.",
)
def verify(ledger: str | None, since: str | None) -> None:
    """Prove every ledger from its entries and events; print each fault, and exit with 1 if there is
    one."""
    if since is not None and ledger is None:
        raise click.UsageError("--since needs --ledger")
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
    """Read an export from FILE (- is standard input) into an empty ledger, and verify it."""
    name, count = with_database(lambda conn: import_ledger(conn, file))
    print(f"ledger {name}: {count} lines imported, all is well")


@cli.command()
@click.option("--port", default=9000, show_default=True)
@click.option("--secret", help="whsec_…, to check signatures with.")
def receive(port: int, secret: str | None) -> None:
    """Receive webhooks on this machine: print each, and whether its signature is right."""
    from app.cli.receive import receive

    receive(port, secret)


@cli.group()
def ledgers() -> None:
    """Ledgers: namespaces that nothing crosses."""


@ledgers.command("create")
@click.argument("name")
def create_ledger(name: str) -> None:
    """Create a ledger, with the currencies of ISO 4217."""
    with_database(lambda conn: call(conn, "create_ledger", name=name))
    print(name)


@ledgers.command("list")
def list_ledgers() -> None:
    """List the names of all ledgers."""
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
    """Create an API key and print it, this once."""
    key = new_key()
    in_ledger(ledger, "add_key", **stored(key, scope))
    print(key)


@keys.command("list")
@ledger_option
def list_keys(ledger: str) -> None:
    """List the ledger's API keys, without the keys themselves."""
    print_rows(in_ledger(ledger, "list_keys", after=0, max=PAGE))


@keys.command("revoke")
@ledger_option
@click.argument("number", type=NUMBER)
def revoke_key(ledger: str, number: int) -> None:
    """Revoke the API key with this id."""
    if not in_ledger(ledger, "revoke_key", id=number)[0][0]:
        raise click.ClickException(f"the ledger {ledger} has no key {number}")


@cli.group()
def sinks() -> None:
    """Sinks: where a ledger's feed goes besides webhooks."""


@sinks.command("list")
@ledger_option
def list_sinks(ledger: str) -> None:
    """List the ledger's sinks, without their URLs: state, cursor, how far behind, error."""
    print_rows(in_ledger(ledger, "list_sinks", after=0, max=PAGE))


@sinks.command("add")
@ledger_option
@click.argument("url")
def add_sink(ledger: str, url: str) -> None:
    """Send the feed to URL too. A sink of that name gets this URL and keeps its cursor."""
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
    """Send nothing more to the sink with this id until it is resumed."""
    change_sink(ledger, number, paused=True)


@sinks.command("resume")
@ledger_option
@click.argument("number", type=NUMBER)
def resume_sink(ledger: str, number: int) -> None:
    """Let the sink go on from where it was paused."""
    change_sink(ledger, number, paused=False)


@sinks.command("rewind")
@ledger_option
@click.argument("number", type=NUMBER)
@click.argument("seq", type=NUMBER)
def rewind_sink(ledger: str, number: int, seq: int) -> None:
    """Send from the event SEQ on: again, or without those between."""
    change_sink(ledger, number, next_seq=seq)


@sinks.command("remove")
@ledger_option
@click.argument("number", type=NUMBER)
def remove_sink(ledger: str, number: int) -> None:
    """Remove the sink and its cursor."""
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
    """Create a wallet."""
    (row,) = in_ledger(ledger, "create_wallet", id=name, asset=asset, admin=True)
    if row["outcome"] == "refused":
        raise click.ClickException(row["body"])
    print(row["body"])


@wallets.command("list")
@ledger_option
@click.option("--prefix", default="", help="Only ids that begin with this.")
def list_wallets(ledger: str, prefix: str) -> None:
    """List wallets by id, at most 1,000."""
    print_rows(in_ledger(ledger, "list_wallets", after=None, max=PAGE, prefix=prefix))


for command in (proof, *COMMANDS):
    cli.add_command(command)


def main() -> None:
    """Run a command. What a person can mend ends it with one sentence and exit code 2."""
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
