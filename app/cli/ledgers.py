"""`zerosum ledgers …`."""

from __future__ import annotations

import click

from app.cli.examples import examples
from app.cli.output import json_option, tell
from app.cli.terminal import with_database
from app.database.connections import call


@click.group()
def ledgers() -> None:
    """Ledgers: namespaces that nothing crosses."""


@ledgers.command("create", epilog=examples("ledgers create shop"))
@json_option
@click.argument("name")
def create_ledger(name: str) -> None:
    """Create a ledger, with the currencies of ISO 4217."""
    with_database(lambda conn: call(conn, "create_ledger", name=name))
    tell({"name": name}, name)


@ledgers.command("list", epilog=examples("ledgers list"))
@json_option
def list_ledgers() -> None:
    """List the names of all ledgers."""
    for row in with_database(lambda conn: call(conn, "list_ledgers")):
        tell({"name": row["name"]}, row["name"])
