"""`zerosum restored`: after a restore to an earlier moment, or a failover to a standby that was
behind."""

from __future__ import annotations

import contextlib
import sys
from typing import Any

import asyncpg
import click

from app.cli.examples import examples
from app.cli.output import json_option, tell, wants_json
from app.cli.terminal import no_such_ledger, with_database
from app.database.connections import call, transaction
from app.host.citus.conversion import is_distributed
from app.http.bodies import MAX_ID

MAX_SKIPPED = 1_000_000  # events for a ledger that --seen does not name
TO_DO = """
What to do now:
- Consumers hold events that are not in the ledger: those with seqs above the end of its feed, as it
  is said here. Let each undo what it did for them, or post those transactions again.
- Consumers with a cursor of their own go on from where they are. What was restored comes after it.
- API keys that were revoked since are valid again, and endpoints, sinks and secrets are as they
  were: zerosum keys list, GET /v1/webhooks, zerosum sinks list.
- Whoever checks proofs needs the log's new key: zerosum proof vkey.
- Then run zerosum verify, and start the servers."""


class Seen(click.ParamType[tuple[str, int]]):
    name = "ledger=seq"

    def convert(self, value: Any, param: click.Parameter | None, context: Any) -> tuple[str, int]:
        ledger, _, seq = str(value).rpartition("=")
        if not ledger or not (seq.isascii() and seq.isdigit()) or int(seq) > MAX_ID:
            self.fail(f"{value!r} is not such as main=1500", param, context)
        return ledger, int(seq)


@click.command(epilog=examples("restored --seen main=152340", "restored --skip 100000 --yes"))
@click.option(
    "--seen",
    type=Seen(),
    multiple=True,
    help="The highest seq that any consumer of this ledger saw. May be repeated.",
)
@click.option(
    "--skip",
    type=click.IntRange(0, MAX_SKIPPED),
    default=10_000,
    show_default=True,
    help="For all other ledgers: more seqs than were lost.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def restored(seen: tuple[tuple[str, int], ...], skip: int, yes: bool) -> None:
    """Say that the database lost its end.

    Run it once after a restore to an earlier moment, or a failover to a standby that was behind,
    before the servers start. Events and ids that others have seen are lost then. No new event,
    transaction, endpoint or key will have the seq or id of a lost one, and each ledger's log gets
    another name. It can't be undone.
    """
    if not yes:
        if not sys.stdin.isatty():
            raise click.UsageError("--yes is needed where nobody can be asked")
        click.confirm("Has this database lost its end, and are all servers stopped?", abort=True)

    async def work(conn: asyncpg.Connection) -> list[dict[str, Any]]:
        ledgers = {row["name"]: row["ledger_id"] for row in await call(conn, "list_ledgers")}
        highest = dict(sorted(seen, key=lambda one: one[1]))
        for name in highest.keys() - ledgers.keys():
            raise no_such_ledger(name)
        # (On Citus each ledger begins again where it is, which no transaction over all can do.)
        scaled = await is_distributed(conn)
        async with contextlib.nullcontext() if scaled else transaction(conn):
            await call(conn, "skip_ids")
            rows = await call(conn, "feed_ends", ledgers=list(ledgers.values()))
            ends = {row["ledger_id"]: row["last_seq"] for row in rows}
            return [
                await begin_again(conn, name, ledger, highest.get(name, ends[ledger] + skip))
                for name, ledger in ledgers.items()
            ]

    for told in with_database(work):
        tell(told, sentence(told))
    if not wants_json():
        click.echo(TO_DO)


async def begin_again(
    conn: asyncpg.Connection, name: str, ledger: int, seen: int
) -> dict[str, Any]:
    (row,) = await call(conn, "restore_ledger", ledger=ledger, seen=seen)
    return {
        "ledger": name,
        "kept_seq": row["kept_seq"],
        "restored_seq": row["restored_seq"],
        "log": f"{name}/{row['number']}",
    }


def sentence(told: dict[str, Any]) -> str:
    return (
        f"ledger {told['ledger']}: its feed ended with event {told['kept_seq']}, and goes on with"
        f" event {told['restored_seq']}. Its log is {told['log']} now."
    )
