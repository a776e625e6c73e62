"""`zerosum keys …`: API keys."""

from __future__ import annotations

import click

from app.api_keys import new_key, stored
from app.cli.examples import examples
from app.cli.output import json_option, print_records, tell
from app.cli.terminal import NUMBER, PAGE, in_ledger, ledger_option

COLUMNS = ("id", "scope", "created_at", "revoked_at")


@click.group()
def keys() -> None:
    """API keys."""


@keys.command("create", epilog=examples("keys create --scope admin", "keys create --ledger shop"))
@ledger_option
@click.option(
    "--scope", type=click.Choice(["read", "write", "admin"]), default="write", show_default=True
)
@json_option
def create_key(ledger: str, scope: str) -> None:
    """Create an API key and print it, this once."""
    key = new_key()
    in_ledger(ledger, "add_key", **stored(key, scope))
    tell({"key": key, "scope": scope}, key)


@keys.command("list", epilog=examples("keys list"))
@ledger_option
@json_option
def list_keys(ledger: str) -> None:
    """List the ledger's API keys, without the keys themselves."""
    rows = in_ledger(ledger, "list_keys", after=0, max=PAGE)
    print_records((row["body"] for row in rows), COLUMNS, "There is no API key.")


@keys.command("revoke", epilog=examples("keys revoke 2"))
@ledger_option
@click.argument("number", metavar="KEY", type=NUMBER)
@json_option
def revoke_key(ledger: str, number: int) -> None:
    """Revoke the API key with the id KEY."""
    if not in_ledger(ledger, "revoke_key", id=number)[0][0]:
        raise click.ClickException(f"the ledger {ledger} has no key {number}")
    tell({"revoked": number}, f"Key {number} is revoked.")
