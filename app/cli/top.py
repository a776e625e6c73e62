"""`zerosum top`: what the console's overview shows, at a terminal."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import asyncpg
import click

from app.cli.examples import examples
from app.cli.output import json_option, table, wants_json
from app.cli.terminal import with_database
from app.database.connections import call

CLEAR = "\x1b[2J\x1b[H"
HEAD = ("ledger", "events/s", "events", "outbox", "oldest", "endpoints", "behind", "sinks", "relay")


@dataclass(frozen=True, slots=True)
class Ledger:
    """A ledger at one moment. endpoints: enabled, failing and disabled ones. relay: who has its
    lease; None: nobody."""

    events: int
    outbox: int
    oldest_s: float
    endpoints: tuple[int, int, int]
    behind: int
    sinks: str
    relay: str | None


@click.command(epilog=examples("top", "top --once --json"))
@json_option
@click.option("--interval", type=click.FloatRange(0.5, 3600), default=2.0, show_default=True)
@click.option("--once", is_flag=True, help="Print one picture, and end.")
def top(interval: float, once: bool) -> None:
    """Show what each ledger does.

    Events a second, what waits in the outbox, endpoints and sinks; until Ctrl-C. Where nobody
    looks, such as in a pipe, it prints one picture after the other.
    """

    async def work(conn: asyncpg.Connection) -> None:
        before, at = await look(conn), time.monotonic()
        while True:
            await asyncio.sleep(interval)
            now, moment = await look(conn), time.monotonic()
            if wants_json():
                for told in records(before, now, moment - at):
                    click.echo(json.dumps(told))
            else:
                if not once and sys.stdout.isatty():
                    click.echo(CLEAR, nl=False)
                for line in lines(before, now, moment - at):
                    click.echo(line)
            if once:
                return
            before, at = now, moment

    with contextlib.suppress(KeyboardInterrupt):
        with_database(work)


async def look(conn: asyncpg.Connection) -> dict[str, Ledger]:
    """Return each ledger by its name. Raises what the database's driver raises."""
    names = {row["ledger_id"]: row["name"] for row in await call(conn, "list_ledgers")}
    ends = {
        names[row["ledger_id"]]: row["last_seq"]
        for row in await call(conn, "feed_ends", ledgers=list(names))
    }
    outbox = {row["ledger"]: row for row in await call(conn, "outbox_state")}
    endpoints = await call(conn, "endpoint_states")
    sinks = await call(conn, "sink_states")
    holders = {row["ledger"]: row["holder"] for row in await call(conn, "lease_states")}
    found = {}
    for name in names.values():
        own = [row for row in endpoints if row["ledger"] == name]
        states = [row["state"] for row in own]
        bad = [row["state"] for row in sinks if row["ledger"] == name and row["state"] != "ok"]
        has_sinks = any(row["ledger"] == name for row in sinks)
        found[name] = Ledger(
            events=ends.get(name, 0),
            outbox=outbox[name]["depth"],
            oldest_s=outbox[name]["oldest_s"],
            endpoints=(states.count("enabled"), states.count("failing"), states.count("disabled")),
            behind=max((row["behind"] for row in own), default=0),
            sinks=", ".join(bad) or ("ok" if has_sinks else "none"),
            relay=holders.get(name),
        )
    return found


def lines(before: dict[str, Ledger], now: dict[str, Ledger], seconds: float) -> Iterator[str]:
    """Yield a table: a head, and a line for each ledger."""
    rows = [HEAD]
    for name, one in sorted(now.items()):
        enabled, failing, disabled = one.endpoints
        told = [f"{enabled} ok", *([f"{failing} failing"] if failing else [])]
        told += [f"{disabled} disabled"] if disabled else []
        rows.append(
            (
                name,
                f"{rate(before, name, one, seconds):.1f}",
                str(one.events),
                str(one.outbox),
                f"{one.oldest_s:.1f} s",
                ", ".join(told) if any(one.endpoints) else "none",
                str(one.behind),
                one.sinks,
                one.relay or "none",
            )
        )
    yield from table(rows, {"events/s", "events", "outbox", "oldest", "behind"})


def records(
    before: dict[str, Ledger], now: dict[str, Ledger], seconds: float
) -> Iterator[dict[str, Any]]:
    """Yield what lines() tells, for programs."""
    for name, one in sorted(now.items()):
        endpoints = dict(zip(("enabled", "failing", "disabled"), one.endpoints, strict=True))
        told = {**asdict(one), "endpoints": endpoints}
        yield {"ledger": name, "events_per_s": rate(before, name, one, seconds), **told}


def rate(before: dict[str, Ledger], name: str, now: Ledger, seconds: float) -> float:
    """Return events a second."""
    grown = now.events - before[name].events if name in before else 0
    return round(grown / seconds, 1)
