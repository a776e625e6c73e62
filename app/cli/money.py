"""`zerosum credit`, `debit`, `transfer`, `hold`, `capture`, `void`, `holds`, `reverse`: move money
from a terminal."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import click

from app.cli.examples import examples
from app.cli.output import is_for_people, json_option, print_records
from app.cli.terminal import NUMBER, PAGE, in_ledger, ledger_option
from app.errors import Refusal
from app.http import parsing

COLUMNS = ("id", "status", "remaining", "captured", "expires_at", "reference")
key_option = click.option("--key", help="An idempotency key.")


class Amount(click.ParamType[int]):
    name = "amount"

    def convert(self, value: Any, param: click.Parameter | None, context: Any) -> int:
        if not str(value).isascii() or not str(value).isdigit():
            self.fail("it must be digits only, in the asset's smallest unit", param, context)
        return int(value)


class Moment(click.ParamType[datetime]):
    name = "timestamp"

    def convert(self, value: Any, param: click.Parameter | None, context: Any) -> datetime:
        try:
            at = parsing.timestamp(value)
        except Refusal:
            self.fail("it must be like 2030-01-31T12:00:00Z", param, context)
        assert at is not None
        return at


def move(ledger: str, verb: str, **arguments: Any) -> None:
    """Call the verb and print its transaction: JSON for a program, a few lines for people."""
    (row,) = in_ledger(ledger, verb, **arguments)
    made = json.loads(row["transaction"])
    if not is_for_people():
        click.echo(json.dumps(made))
        return
    click.echo(f"{made['kind'].capitalize()} {made['id']}")
    for one in made["postings"]:
        click.echo(f"  {one['source']} -> {one['destination']}: {one['amount']} {one['asset']}")
    for one in made["entries"]:
        click.echo(f"  {one['wallet']} has {one['balance']}")


@click.command(epilog=examples("credit alice 1250 --key order-17"))
@ledger_option
@json_option
@key_option
@click.argument("wallet")
@click.argument("amount", type=Amount())
def credit(ledger: str, key: str | None, wallet: str, amount: int) -> None:
    """Move AMOUNT into WALLET from the outside."""
    move(ledger, "credit", wallet=wallet, amount=amount, key=key)


@click.command(epilog=examples("debit alice 1250 --key payout-3"))
@ledger_option
@json_option
@key_option
@click.argument("wallet")
@click.argument("amount", type=Amount())
def debit(ledger: str, key: str | None, wallet: str, amount: int) -> None:
    """Move AMOUNT out of WALLET to the outside."""
    move(ledger, "debit", wallet=wallet, amount=amount, key=key)


@click.command(epilog=examples("transfer alice shop 500 --key order-18"))
@ledger_option
@json_option
@key_option
@click.argument("source")
@click.argument("destination")
@click.argument("amount", type=Amount())
def transfer(ledger: str, key: str | None, source: str, destination: str, amount: int) -> None:
    """Move AMOUNT from SOURCE to DESTINATION."""
    move(ledger, "transfer", source=source, destination=destination, amount=amount, key=key)


@click.command(
    epilog=examples("hold alice shop 500", "hold alice shop 500 --expires-at 2030-01-31T12:00:00Z")
)
@ledger_option
@json_option
@key_option
@click.option("--expires-at", type=Moment(), help="When the hold expires; RFC 3339.")
@click.argument("source")
@click.argument("destination")
@click.argument("amount", type=Amount())
def hold(ledger: str, key: str | None, expires_at: datetime | None, **ends: Any) -> None:
    """Reserve AMOUNT of SOURCE for DESTINATION. The id of the transaction is the hold's."""
    move(ledger, "hold", **ends, key=key, expires_at=expires_at)


@click.command(epilog=examples("capture 17", "capture 17 --amount 300 --final"))
@ledger_option
@json_option
@key_option
@click.option("--amount", type=Amount(), help="How much; all that is left unless given.")
@click.option("--final", is_flag=True, help="Release what is left afterwards.")
@click.option("--destination", help="Another wallet that receives the value.")
@click.argument("number", metavar="HOLD", type=NUMBER)
def capture(ledger: str, number: int, **given: Any) -> None:
    """Move what the hold reserves to its destination."""
    move(ledger, "capture", hold=number, **given)


@click.command(epilog=examples("void 17"))
@ledger_option
@json_option
@key_option
@click.argument("number", metavar="HOLD", type=NUMBER)
def void(ledger: str, key: str | None, number: int) -> None:
    """Release all that the hold still reserves."""
    move(ledger, "void", hold=number, key=key)


@click.command(epilog=examples("holds", "holds --before 100"))
@ledger_option
@json_option
@click.option("--before", type=NUMBER, help="Only ids below this.")
def holds(ledger: str, before: int | None) -> None:
    """List holds as they are now, newest first.

    At most 1,000.
    """
    rows = in_ledger(ledger, "list_holds", before=before, max=PAGE)
    print_records((row["body"] for row in rows), COLUMNS, "There is no hold.")


@click.command(epilog=examples("reverse 12", "reverse 12 --amount 100 --key refund-4"))
@ledger_option
@json_option
@key_option
@click.option("--amount", type=Amount(), help="How much; all that is left unless given.")
@click.option("--force", is_flag=True, help="A wallet may go below its floor.")
@click.argument("number", metavar="TRANSACTION", type=NUMBER)
def reverse(ledger: str, number: int, **given: Any) -> None:
    """Move back what a transaction moved."""
    move(ledger, "reverse", id=number, **given)


COMMANDS = (credit, debit, transfer, hold, capture, void, holds, reverse)
