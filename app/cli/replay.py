"""`zerosum replay`: send a range of events to an endpoint again, and follow it."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from typing import Any

import asyncpg
import click

from app.cli.examples import examples
from app.cli.money import Moment
from app.cli.output import json_option, tell
from app.cli.progress import Progress
from app.cli.terminal import NUMBER, ledger_option, with_ledger
from app.database.connections import call
from app.errors import Refusal, problem_body
from app.http.bodies import MAX_ID, ReplayRequest
from app.http.handlers.replays import planned

LOOK_S = 0.5  # between two looks at how far it is
FROM_ZERO = click.IntRange(0, MAX_ID)


@click.command(
    epilog=examples(
        "replay 1 --since 2030-01-31T12:00:00Z --count",
        "replay 1 --after-seq 1500 --upto-seq 1800",
        "replay 1 --status dead --no-wait",
    )
)
@ledger_option
@click.option("--after-seq", type=FROM_ZERO, help="Events after this one.  [default: all]")
@click.option("--since", type=Moment(), help="Or: events that were recorded at this time or later.")
@click.option("--upto-seq", type=FROM_ZERO, help="Up to this one.  [default: the newest]")
@click.option("--until", type=Moment(), help="Or: that were recorded before this time.")
@click.option("--types", default="*", show_default=True, help="Types, separated by commas.")
@click.option(
    "--status",
    type=click.Choice(["delivered", "dead", "dismissed"]),
    help="Only events whose delivery has this status.",
)
@click.option("--source", type=NUMBER, help="Look at the deliveries of this endpoint instead.")
@click.option("--count", is_flag=True, help="Only count the events that would be sent.")
@click.option("--wait/--no-wait", default=True, show_default=True, help="Wait until it has ended.")
@json_option
@click.argument("endpoint", type=NUMBER)
def replay(ledger: str, endpoint: int, count: bool, wait: bool, **range_: Any) -> None:
    """Send events to an endpoint again.

    A range of them to the endpoint with the id ENDPOINT, at its own pace. The command waits until
    all are handed to the endpoint, and shows how far that is. Ctrl-C ends the waiting, not the
    replay.
    """
    wanted = asked(range_)

    async def work(conn: asyncpg.Connection, number: int) -> None:
        for one in (endpoint, range_["source"] or endpoint):
            rows = await call(conn, "list_endpoints", ledger=number, after=one - 1, max=1)
            if not any(row["id"] == one for row in rows):
                raise click.ClickException(f"the ledger {ledger} has no endpoint {one}")
        where = {"ledger": number, "endpoint": endpoint}
        if count:
            (row,) = await call(conn, "count_replay", **where, asked=wanted)
            more = "" if row["complete"] else " or more"
            told = {"events": row["events"], "complete": row["complete"]}
            tell(told, f"{row['events']}{more} events would be sent; nothing was sent yet.")
            return
        rows = await call(conn, "create_replay", **where, asked=wanted)
        if not rows:
            raise click.ClickException(f"the endpoint {endpoint} is disabled: enable it first")
        begun = json.loads(rows[0]["body"])
        ended = await follow(conn, where, begun) if wait else begun
        state = "goes on" if ended["state"] == "running" else f"is {ended['state']}"
        tell(ended, f"Replay {ended['number']} {state}: {ended['replayed']} events.")

    with_ledger(ledger, work)


def asked(given: dict[str, Any]) -> str:
    """Return the replay as the API plans it. Raises click.UsageError."""
    told = {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in given.items()
    }
    try:
        return planned(ReplayRequest(**{**told, "types": given["types"].split(",")}))
    except Refusal as refused:
        problem = json.loads(problem_body(refused.code, refused.facts))
        raise click.UsageError(problem["detail"]) from None


async def follow(
    conn: asyncpg.Connection, where: dict[str, int], replay: dict[str, Any]
) -> dict[str, Any]:
    """Show how far a replay is until it has ended; return it as it is then."""
    low, high = replay["after_seq"], replay["upto_seq"]
    number = replay["number"]
    with Progress(f"replay {number}", high - low) as progress:
        while replay["state"] == "running":
            await asyncio.sleep(LOOK_S)
            (row,) = await call(conn, "list_replays", **where, before=number + 1, max=1)
            replay = json.loads(row["body"])
            progress.to(replay["read_seq"] - low)
    return replay
