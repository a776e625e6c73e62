"""`zerosum verify`: prove every ledger from its entries and events, or what came since an earlier
proof."""

from __future__ import annotations

import contextlib
import re
import sys
import time
from dataclasses import dataclass

import asyncpg
import click

from app.cli.terminal import no_such_ledger
from app.database.connections import call
from app.transparency.ledger_log import log_state
from app.transparency.signed_notes import encoded


@dataclass(frozen=True, slots=True)
class Since:
    """An event up to which all was well, and the log's root then."""

    seq: int
    root: str | None


def parse_since(text: str) -> Since:
    found = re.fullmatch(r"(0|[1-9][0-9]{0,17})(?::([A-Za-z0-9+/]{43}=))?", text)
    if found is None:
        raise click.UsageError("--since is SEQ or SEQ:ROOT, as an earlier verify told")
    return Since(int(found[1]), found[2])


async def verify_ledgers(conn: asyncpg.Connection, only: str | None, since: Since | None) -> int:
    """Print what each ledger's verification found. Returns how many faults there are."""
    count, name = 0, ""
    conn.add_log_listener(lambda _, said: print(f"ledger {name}: {said.message}", file=sys.stderr))
    ledgers = [row for row in await call(conn, "list_ledgers") if only in {None, row["name"]}]
    if not ledgers:
        raise no_such_ledger(only)
    for ledger in ledgers:
        name, began = ledger["name"], time.monotonic()
        async with conn.transaction(isolation="repeatable_read", readonly=True):
            faults = await verify_ledger(conn, ledger["ledger_id"], since)
            _, size, root = await log_state(conn, ledger["ledger_id"])
        await record(conn, ledger["ledger_id"], size, len(faults))
        for fault in faults:
            print(f"{name}: {fault}")
        verdict = f"{len(faults)} faults" if faults else "all is well"
        print(
            f"ledger {name}: {verdict} up to event {size}:{encoded(root)}"
            f" ({time.monotonic() - began:.1f} s)"
        )
        count += len(faults)
    return count


async def record(conn: asyncpg.Connection, ledger: int, seq: int, faults: int) -> None:
    """Note the result for the console and for /v1/proof, where the database can be written: a standby
    can be verified too."""
    with contextlib.suppress(asyncpg.ReadOnlySQLTransactionError):
        await call(conn, "record_verification", ledger=ledger, seq=seq, faults=faults)


async def verify_ledger(conn: asyncpg.Connection, ledger: int, since: Since | None) -> list[str]:
    """Print a line for each fault."""
    if since is None:
        rows = await call(conn, "verify", ledger=ledger)
    else:
        _, size, _ = await log_state(conn, ledger)
        if since.seq > size:
            return [f"log: it ends at {size}, before event {since.seq}"]
        rows = await call(conn, "verify_since", ledger=ledger, since=since.seq)
    faults = [f"{row['fault']} {row['subject']}: {row['detail']}" for row in rows]
    if since is not None and since.root is not None:
        ((root,),) = await call(conn, "log_root", ledger=ledger, low=0, high=since.seq)
        if encoded(root) != since.root:
            faults.append(f"log: its root at {since.seq} is another than it was")
    return faults
