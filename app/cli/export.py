"""`zerosum export` and `zerosum import`: a whole ledger as JSON lines that anybody can check
(docs/check_export.py).

The first line says what follows: the ledger, and the size and root of its log. Then come the parts
in the order in which they can be written: a transaction has its entries, and a wallet comes after
all entries. API keys, webhooks and sinks stay behind: they have secrets and addresses, and belong
to a place.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from itertools import groupby, islice
from typing import Any, TextIO

import asyncpg
import click

from app.cli.progress import Progress
from app.cli.verify import watched
from app.database.connections import call, transaction
from app.host.citus.conversion import is_distributed
from app.transparency.ledger_log import log_state
from app.transparency.signed_notes import encoded

FORMAT = "zerosum-export@v1"
PARTS = (
    "asset",
    "transaction",
    "hold",
    "reversed",
    "wallet",
    "purged",
    "event",
    "outbox",
    "restoration",
)
COUNTED = {"transaction", "wallet", "event", "outbox"}  # What ledger_size() counts.
PAGE = 1000


async def export_ledger(conn: asyncpg.Connection, ledger: int, out: TextIO) -> None:
    """Write the ledger as of one moment."""
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        state = await log_state(conn, ledger)
        ((wallets, transactions, events),) = await call(conn, "ledger_size", ledger=ledger)
        head = {
            "format": FORMAT,
            "ledger": state.ledger,
            "size": state.size,
            "root": encoded(state.root),
        }
        print(json.dumps(head), file=out)
        done = 0
        with Progress(f"export {state.ledger}", wallets + transactions + events) as progress:
            for part in PARTS:
                after = ""
                while rows := await call(
                    conn, "export_lines", ledger=ledger, part=part, after=after, max=PAGE
                ):
                    out.writelines(f"{row['line']}\n" for row in rows)
                    after = rows[-1]["place"]
                    done += len(rows) if part in COUNTED else 0
                    progress.to(done, f"{part}s")


async def import_ledger(conn: asyncpg.Connection, source: TextIO) -> tuple[str, int]:
    """Write an export into a ledger that is empty, all or nothing. Returns its name and how many
    lines were read.

    Raises ClickException if it is no export, is not whole, or does not verify.
    """
    head = read_head(source)
    if await is_distributed(conn):
        raise click.ClickException(
            "an import is one transaction, which on Citus no ledger's server runs: import into a"
            " database on one server, and scale that"
        )
    count = 0
    async with transaction(conn):
        with Progress(f"import {head['ledger']}", size_of(source)) as progress:
            ledger, count = await import_parts(conn, head["ledger"], source, progress)
        ((size, root),) = await call(conn, "end_import", ledger=ledger)
        if (size, encoded(root)) != (head["size"], head["root"]):
            raise click.ClickException("the log has another size or root than the export tells")
        async with watched(conn, ledger, f"verify {head['ledger']}"):
            faults = await call(conn, "verify", ledger=ledger)
        for fault in faults:
            click.echo(f"{fault['fault']} {fault['subject']}: {fault['detail']}", err=True)
        if faults:
            raise click.ClickException(f"{len(faults)} faults; nothing was imported")
    return head["ledger"], count


def size_of(source: TextIO) -> int | None:
    """Return how many bytes a file has; None: it is a pipe, which nobody knows."""
    try:
        found = os.fstat(source.fileno())
    except OSError:
        return None
    return found.st_size if stat.S_ISREG(found.st_mode) else None


async def import_parts(
    conn: asyncpg.Connection, name: str, source: TextIO, progress: Progress
) -> tuple[int, int]:
    """Write all lines into the empty ledger of this name. Returns its number and how many there
    were."""
    count = read = 0
    ((ledger,),) = await call(conn, "start_import", name=name)
    if ledger is None:
        raise click.ClickException(f"the ledger {name} is not empty")
    for part, lines in groupby(read_lines(source), lambda line: line[0]):
        while page := list(islice(lines, PAGE)):
            texts = f"[{','.join(text for _, text in page)}]"
            await call(conn, "import_lines", ledger=ledger, part=part, lines=texts)
            count += len(page)
            read += len(texts.encode())
            progress.to(count if progress.total is None else read, f"{part}s")
    return ledger, count


def read_head(source: TextIO) -> dict[str, Any]:
    try:
        head = json.loads(source.readline())
    except ValueError:
        head = None
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise click.ClickException(f"this is not a {FORMAT}")
    return head


def read_lines(source: TextIO) -> Iterator[tuple[str, str]]:
    """Yield the part and the text of each line, in the order of the parts."""
    place = 0
    for number, line in enumerate(source, 2):
        try:
            part = json.loads(line)["part"]
            position = PARTS.index(part)
        except (ValueError, KeyError, TypeError):
            raise click.ClickException(f"line {number} is not a line of an export") from None
        if position < place:
            raise click.ClickException(
                f"line {number} comes too late; parts are {', '.join(PARTS)}"
            )
        place = position
        yield part, line
