"""`zerosum verify`: prove every ledger from its entries and events, or what came since an earlier
proof."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import asyncpg
import click

from app.cli.output import tell, wants_json
from app.cli.progress import Progress
from app.cli.terminal import no_such_ledger
from app.database.connections import call
from app.transparency.ledger_log import log_state
from app.transparency.signed_notes import encoded

# As zerosum.verify() tells its progress.
NOTICE = re.compile(r"(wallets|transactions|events): (\d+) .*looked at")


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
    count = 0
    ledgers = [row for row in await call(conn, "list_ledgers") if only in {None, row["name"]}]
    if not ledgers:
        raise no_such_ledger(only)
    for ledger in ledgers:
        name, began = ledger["name"], time.monotonic()
        async with conn.transaction(isolation="repeatable_read", readonly=True):
            async with watched(conn, ledger["ledger_id"], f"ledger {name}", since):
                faults = await verify_ledger(conn, ledger["ledger_id"], since)
            _, size, root = await log_state(conn, ledger["ledger_id"])
        await record(conn, ledger["ledger_id"], size, len(faults))
        tell_result(name, faults, f"{size}:{encoded(root)}", time.monotonic() - began)
        count += len(faults)
    return count


def tell_result(ledger: str, faults: list[str], upto: str, seconds: float) -> None:
    if not wants_json():
        for fault in faults:
            click.echo(f"{ledger}: {fault}")
    verdict = f"{len(faults)} faults" if faults else "all is well"
    told: dict[str, Any] = {
        "ledger": ledger,
        "faults": faults,
        "upto": upto,
        "seconds": round(seconds, 3),
    }
    tell(told, f"ledger {ledger}: {verdict} up to event {upto} ({seconds:.1f} s)")


@contextlib.asynccontextmanager
async def watched(
    conn: asyncpg.Connection, ledger: int, label: str, since: Since | None = None
) -> AsyncIterator[None]:
    """Show how far a verification on this connection is. since: of the events that came later it
    looks at the transactions; how many others it looks at nobody knows."""
    ((wallets, transactions, events),) = await call(conn, "ledger_size", ledger=ledger)
    if since is None:
        before = {"wallets": 0, "transactions": wallets, "events": wallets + transactions}
        total = wallets + transactions + events
    else:
        before = {"events": -since.seq}
        total = max(0, events - since.seq)
    with Progress(label, total) as progress:

        def hear(_: object, said: asyncpg.PostgresLogMessage) -> None:
            found = NOTICE.fullmatch(said.message)
            if found is not None and found[1] in before:
                progress.to(before[found[1]] + int(found[2]), found[1])

        conn.add_log_listener(hear)
        try:
            yield
        finally:
            conn.remove_log_listener(hear)


async def record(conn: asyncpg.Connection, ledger: int, seq: int, faults: int) -> None:
    """Note the result for the console and for /v1/proof, where the database can be written: a standby
    can be verified too."""
    with contextlib.suppress(asyncpg.ReadOnlySQLTransactionError):
        await call(conn, "record_verification", ledger=ledger, seq=seq, faults=faults)


async def verify_ledger(conn: asyncpg.Connection, ledger: int, since: Since | None) -> list[str]:
    """Return a line for each fault."""
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
