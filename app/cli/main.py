"""The command `zerosum`, for people at a terminal and for process managers."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TextIO

import asyncpg
import click

from app.cli.completion import COMPLETE, completion
from app.cli.demo import demo
from app.cli.doctor import doctor
from app.cli.examples import examples
from app.cli.exits import CODES_TOLD, Guarded
from app.cli.export import export_ledger, import_ledger
from app.cli.keys import keys
from app.cli.ledgers import ledgers
from app.cli.money import COMMANDS
from app.cli.move import move
from app.cli.output import json_option, tell
from app.cli.parameters import given_secret, server_key
from app.cli.progress import Progress
from app.cli.proof import proof
from app.cli.replay import replay
from app.cli.restored import restored
from app.cli.scale import scale
from app.cli.sinks import sinks
from app.cli.terminal import (
    ledger_option,
    replica_option,
    with_database,
    with_ledger,
)
from app.cli.top import top
from app.cli.verify import parse_since, verify_ledgers
from app.cli.wallets import wallets
from app.host.migrate import migrate, steps
from app.http.bodies import MAX_ID
from app.setting_values import MAX_WORKERS
from app.settings import read_settings
from app.version import VERSION
from app.webhook_secret import new_secret

stamp_only_option = click.option(
    "--stamp-only",
    is_flag=True,
    help="Only give events their place in the feed, where Debezium or the like sends them.",
)


@click.group(
    cls=Guarded,
    epilog=CODES_TOLD,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(VERSION, "-V", "--version", prog_name="zerosum")
def cli() -> None:
    """A wallet engine in one Postgres."""


@cli.command(epilog=examples("serve", "serve --workers 4 --no-relay"))
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


@cli.command("relay", epilog=examples("relay"))
@stamp_only_option
def relay_command(stamp_only: bool) -> None:
    """Run the relay until SIGTERM or Ctrl-C.

    Relays of several hosts share the ledgers.
    """
    from app.host.serve import relay_only

    relay_only(read_settings(os.environ), stamp_only=stamp_only)


@cli.command("migrate", epilog=examples("migrate"))
@json_option
def migrate_command() -> None:
    """Bring the database up to date."""

    async def work(conn: asyncpg.Connection) -> list[str]:
        with Progress("migrate", steps()) as progress:
            return await migrate(conn, tell=progress.to)

    names = with_database(work)
    tell({"applied": names}, "\n".join(f"applied {name}" for name in names) or "up to date")


@cli.command(epilog=examples("verify", "verify --ledger main", "verify --ledger main --since 1500"))
@click.option("--ledger", help="Verify only this ledger.")
@click.option(
    "--since",
    metavar="SEQ[:ROOT]",
    help="Verify only what came after this event; ROOT: the log's root then, in base64.",
)
@replica_option
@json_option
def verify(ledger: str | None, since: str | None, replica: bool) -> None:
    """Prove every ledger from its entries and events.

    Print each fault, and exit with 1 if there is one.
    """
    if since is not None and ledger is None:
        raise click.UsageError("--since needs --ledger")
    start = None if since is None else parse_since(since)
    count = with_database(lambda conn: verify_ledgers(conn, ledger, start), replica)
    sys.exit(1 if count else 0)


@cli.command("export", epilog=examples("export > main.jsonl", "export --ledger shop | gzip"))
@ledger_option
@replica_option
def export_command(ledger: str, replica: bool) -> None:
    """Write a ledger to standard output as JSON lines.

    As of one moment; the server goes on meanwhile.
    """
    with_ledger(ledger, lambda conn, number: export_ledger(conn, number, sys.stdout), replica)


@cli.command("import", epilog=examples("import main.jsonl", "import -"))
@click.argument("file", type=click.File())
@json_option
def import_command(file: TextIO) -> None:
    """Read an export into an empty ledger.

    From FILE; - is standard input. The ledger is verified, and all is undone if it is not well.
    """
    name, count = with_database(lambda conn: import_ledger(conn, file))
    tell(
        {"ledger": name, "lines": count},
        f"ledger {name}: {count} lines imported, all is well",
    )


@cli.command(epilog=examples("receive", "receive --port 9001 --secret whsec_..."))
@click.option("--port", default=9000, show_default=True)
@click.option("--secret", help="whsec_…, to check signatures with.")
@json_option
def receive(port: int, secret: str | None) -> None:
    """Receive webhooks on this machine.

    Print each, and whether its signature is right.
    """
    from app.cli.receive import receive

    receive(port, secret)


@cli.command(
    "listen",
    epilog=examples(
        "listen",
        "listen --types 'transaction.*' --wallet 'user_*' --json",
        "listen --forward-to localhost:9000/webhooks",
    ),
)
@click.option(
    "--url", envvar="ZEROSUM_URL", help="The server's URL.  [default: the one on this machine]"
)
@click.option("--types", default="*", show_default=True, help="Types, separated by commas.")
@click.option("--wallet", default="*", show_default=True, help="Wallets, such as alice,user_*.")
@click.option("--kind", default="*", show_default=True, help="Kinds of transactions.")
@click.option(
    "--after", type=click.IntRange(0, MAX_ID), help="Start behind this event.  [default: now]"
)
@click.option(
    "--forward-to", metavar="URL", help="Send each event there as a webhook, in order, once."
)
@click.option("--secret", help="whsec_…, to sign with.  [default: a new one, which is printed]")
@json_option
def listen_command(
    url: str | None,
    types: str,
    wallet: str,
    kind: str,
    after: int | None,
    forward_to: str | None,
    secret: str | None,
) -> None:
    """Follow the feed until Ctrl-C.

    Print each event, and forward it to a service on this machine if there is one. The API key is
    ZEROSUM_API_KEY, or the one of the embedded database.
    """
    from app.cli.listen import Wanted, listen, with_scheme

    settings = read_settings(os.environ)
    listen(
        Wanted(
            server=(url or f"http://127.0.0.1:{settings.port}").rstrip("/"),
            key=server_key(settings),
            events={"types": types, "wallet": wallet, "kind": kind},
            after=after,
            forward_to=with_scheme(forward_to) if forward_to else None,
            secret=given_secret(secret) if secret else new_secret(),
        )
    )


@cli.command("mcp", epilog=examples("mcp", "mcp --read-only"))
@click.option(
    "--url", envvar="ZEROSUM_URL", help="The server's URL.  [default: the one on this machine]"
)
@click.option("--read-only", is_flag=True, help="Offer nothing that moves or holds value.")
def mcp_command(url: str | None, read_only: bool) -> None:
    """Serve agents by the Model Context Protocol.

    Over standard input and output. What they may do is what the API key may: ZEROSUM_API_KEY, or
    the one of the embedded database. It needs zerosum[mcp].
    """
    try:
        from app.cli.agents import Agents
    except ModuleNotFoundError as error:
        if error.name not in {"mcp", "mcp_types", "httpx"}:
            raise
        raise click.ClickException("this needs more packages: pip install 'zerosum[mcp]'") from None
    settings = read_settings(os.environ)
    server = (url or f"http://127.0.0.1:{settings.port}").rstrip("/")
    agents = Agents(server, server_key(settings), read_only)
    asyncio.run(agents.run())


for command in (
    ledgers,
    keys,
    sinks,
    wallets,
    proof,
    replay,
    restored,
    move,
    scale,
    demo,
    doctor,
    top,
    completion,
    *COMMANDS,
):
    cli.add_command(command)


def main() -> None:
    """Run a command. What a person can mend ends it with one sentence and an exit code; see
    app/cli/exits.py."""
    cli(complete_var=COMPLETE)
