"""`zerosum sinks …`."""

from __future__ import annotations

import os
from typing import Any

import asyncpg
import click

from app.cli.examples import examples
from app.cli.output import json_option, print_records, tell
from app.cli.terminal import NUMBER, PAGE, in_ledger, ledger_option
from app.encryption import Encryption
from app.settings import read_settings
from app.sink_url import BadSink, parse_sink_url

COLUMNS = ("id", "name", "types", "state", "sent_seq", "behind", "error")


@click.group()
def sinks() -> None:
    """Sinks: where a ledger's feed goes besides webhooks."""


@sinks.command("list", epilog=examples("sinks list"))
@ledger_option
@json_option
def list_sinks(ledger: str) -> None:
    """List the ledger's sinks, without their URLs: state, cursor, how far behind, error."""
    print_sinks(in_ledger(ledger, "list_sinks", after=0, max=PAGE))


@sinks.command(
    "add",
    epilog=examples(
        "sinks add 'kafka://broker:9092/events'",
        "sinks add 'rediss://host/0?stream=events&types=transaction.*'",
    ),
)
@ledger_option
@json_option
@click.argument("url")
def add_sink(ledger: str, url: str) -> None:
    """Send the feed to URL too. A sink of that name gets this URL and keeps its cursor."""
    try:
        sink = parse_sink_url(url)
    except BadSink as error:
        raise click.ClickException(str(error)) from None
    encryption = Encryption(read_settings(os.environ).secret_keys)
    rows = in_ledger(
        ledger,
        "create_sink",
        name=sink.name,
        url=encryption.encrypt(url, "sink url"),
        types=list(sink.types),
        start=sink.start,
    )
    if not rows:
        raise click.ClickException(f"{sink.name} comes from ZEROSUM_SINKS")
    print_sinks(rows)


@sinks.command("pause", epilog=examples("sinks pause 1"))
@ledger_option
@json_option
@click.argument("number", metavar="SINK", type=NUMBER)
def pause_sink(ledger: str, number: int) -> None:
    """Send nothing more to the sink with this id until it is resumed."""
    change_sink(ledger, number, paused=True)


@sinks.command("resume", epilog=examples("sinks resume 1"))
@ledger_option
@json_option
@click.argument("number", metavar="SINK", type=NUMBER)
def resume_sink(ledger: str, number: int) -> None:
    """Let the sink go on from where it was paused."""
    change_sink(ledger, number, paused=False)


@sinks.command("rewind", epilog=examples("sinks rewind 1 1500"))
@ledger_option
@json_option
@click.argument("number", metavar="SINK", type=NUMBER)
@click.argument("seq", type=NUMBER)
def rewind_sink(ledger: str, number: int, seq: int) -> None:
    """Send from the event SEQ on: again, or without those between."""
    change_sink(ledger, number, next_seq=seq)


@sinks.command("remove", epilog=examples("sinks remove 1"))
@ledger_option
@json_option
@click.argument("number", metavar="SINK", type=NUMBER)
def remove_sink(ledger: str, number: int) -> None:
    """Remove the sink and its cursor."""
    if not in_ledger(ledger, "remove_sink", sink=number)[0][0]:
        raise click.ClickException(f"the ledger {ledger} has no sink {number}")
    tell({"removed": number}, f"Sink {number} is removed.")


def print_sinks(rows: list[asyncpg.Record]) -> None:
    print_records((row["body"] for row in rows), COLUMNS, "There is no sink.")


def change_sink(ledger: str, number: int, **change: Any) -> None:
    rows = in_ledger(ledger, "change_sink", sink=number, **change)
    if not rows:
        raise click.ClickException(f"the ledger {ledger} has no sink {number}")
    print_sinks(rows)
