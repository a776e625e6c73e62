"""`zerosum wallets …`."""

from __future__ import annotations

import click

from app.cli.terminal import (
    PAGE,
    in_ledger,
    ledger_option,
    print_rows,
)


@click.group()
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
