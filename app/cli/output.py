"""What commands print: sentences or tables for people, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click

JSON = "zerosum.json"  # in the context's meta: whether --json was given


def keep(context: click.Context, parameter: click.Parameter, given: bool) -> None:
    context.meta[JSON] = given


json_option = click.option(
    "--json",
    is_flag=True,
    expose_value=False,
    callback=keep,
    help="Print JSON, one object a line.",
)


def wants_json() -> bool:
    """Return whether the command that runs was given --json."""
    return bool(click.get_current_context().meta.get(JSON))


def tell(record: Mapping[str, Any], text: str) -> None:
    """Print a sentence, or with --json the record."""
    click.echo(json.dumps(record) if wants_json() else text)


def is_for_people() -> bool:
    """Return whether somebody looks at a terminal. A program that reads a pipe gets JSON, for which
    it need not ask."""
    return sys.stdout.isatty() and not wants_json()


def print_records(bodies: Iterable[str], columns: Sequence[str], empty: str) -> None:
    """Print JSON objects: as lines for a program, as a table of these members for people, who read
    `empty` where there is none."""
    if not is_for_people():
        for body in bodies:
            click.echo(body)
        return
    records = [json.loads(body) for body in bodies]
    if not records:
        click.echo(empty)
        return
    rows = [[spelled(record.get(name)) for name in columns] for record in records]
    numbers = {name for name in columns if all(is_number(one.get(name)) for one in records)}
    for line in table([list(columns), *rows], numbers):
        click.echo(line)


def table(rows: Sequence[Sequence[str]], numbers: Iterable[str]) -> Iterable[str]:
    """Yield the rows, of which the first is the head, in columns. numbers: the heads of the columns
    that stand to the right."""
    right = set(numbers)
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    for row in rows:
        cells = [
            cell.rjust(width) if head in right else cell.ljust(width)
            for cell, width, head in zip(row, widths, rows[0], strict=True)
        ]
        yield "  ".join(cells).rstrip()


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def spelled(value: Any) -> str:
    """Return a member as a cell. Control characters, which could move the cursor, are escaped."""
    if value is None:
        return "-"
    if isinstance(value, list):
        return ",".join(map(spelled, value))
    if isinstance(value, str):
        return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in value)
    return json.dumps(value)
