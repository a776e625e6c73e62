"""`zerosum wallets …`."""

from __future__ import annotations

import json

import click

from app.cli.examples import examples
from app.cli.exits import facts_of
from app.cli.output import json_option, print_records
from app.cli.terminal import PAGE, in_ledger, ledger_option
from app.errors import Refusal

COLUMNS = ("id", "asset", "posted", "held", "available", "status")


@click.group()
def wallets() -> None:
    """Wallets."""


@wallets.command("create", epilog=examples("wallets create alice USD"))
@ledger_option
@json_option
@click.argument("name")
@click.argument("asset")
def create_wallet(ledger: str, name: str, asset: str) -> None:
    """Create a wallet for an asset, such as USD."""
    (row,) = in_ledger(ledger, "create_wallet", id=name, asset=asset, admin=True)
    if row["outcome"] == "refused":
        raise Refusal(json.loads(row["body"])["code"], **facts_of(row["body"]))
    print_records([row["body"]], COLUMNS, "")


@wallets.command("list", epilog=examples("wallets list --prefix user:"))
@ledger_option
@click.option("--prefix", default="", help="Only ids that begin with this.")
@json_option
def list_wallets(ledger: str, prefix: str) -> None:
    """List wallets by id, at most 1,000."""
    rows = in_ledger(ledger, "list_wallets", after=None, max=PAGE, prefix=prefix)
    empty = "There is no wallet yet: zerosum wallets create alice USD"
    print_records((row["body"] for row in rows), COLUMNS, empty)
