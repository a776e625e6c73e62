"""`zerosum keys …`: API keys."""

from __future__ import annotations

import click

from app.api_keys import new_key, stored
from app.cli.terminal import (
    NUMBER,
    PAGE,
    in_ledger,
    ledger_option,
    print_rows,
)


@click.group()
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
