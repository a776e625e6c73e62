"""`zerosum scale …`: a database on Citus, ledger by ledger on several servers."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import asyncpg
import click

from app.cli.examples import examples
from app.cli.output import json_option, print_records, tell
from app.cli.terminal import with_database
from app.host.citus import scaling
from app.host.citus.conversion import SHARDS
from app.host.citus.scaling import CantScale, Node

T = TypeVar("T")
COLUMNS = ("ledger", "node", "shard", "mib")


class NodeName(click.ParamType[Node]):
    name = "host:port"

    def convert(self, value: Any, param: click.Parameter | None, context: Any) -> Node:
        host, _, port = str(value).rpartition(":")
        if not host or not (port.isascii() and port.isdigit()) or not 0 < int(port) < 65536:
            self.fail(f"{value!r} is not such as worker-1:5432", param, context)
        return Node(host, int(port))


node_argument = click.argument("node", metavar="NODE", type=NodeName())


@click.group()
def scale() -> None:
    """Spread ledgers over several servers, with Citus.

    DATABASE_URL is the coordinator's. A ledger is on one server, whole.
    """


def wait(reason: str) -> None:
    click.echo(reason, err=True)


def on_coordinator(work: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
    try:
        return with_database(work)
    except CantScale as error:
        raise click.ClickException(str(error)) from None


@scale.command("start", epilog=examples("scale start", "scale start --check"))
@click.option("--check", is_flag=True, help="Only say what would stop it.")
@click.option(
    "--shards",
    type=click.IntRange(1, 1024),
    default=SHARDS,
    show_default=True,
    help="Into how many parts: ledgers of one part move together.",
)
@json_option
def start(check: bool, shards: int) -> None:
    """Distribute the database by ledger.

    Stop the servers before: nobody reads or writes meanwhile. All ledgers are on the workers then,
    spread evenly. Run it again if it was interrupted.
    """
    if check:
        found = on_coordinator(scaling.obstacles)
        for one in found:
            tell({"obstacle": one}, one)
        if found:
            raise click.ClickException(f"{len(found)} obstacles")
        tell({"obstacle": None}, "Nothing stops it: zerosum scale start")
        return
    names = on_coordinator(lambda conn: scaling.start(conn, shards=shards))
    tell({"distributed": names}, f"{len(names)} tables were distributed now.")


@scale.command("status", epilog=examples("scale status"))
@json_option
def status() -> None:
    """Say where each ledger is, and how large.

    Ledgers of one shard move together; the size is theirs together.
    """
    found = on_coordinator(scaling.places)

    print_records(
        (
            json.dumps(
                {
                    "ledger": one.ledger,
                    "node": str(one.node),
                    "shard": one.shard,
                    "mib": one.bytes // 2**20,
                }
            )
            for one in found
        ),
        COLUMNS,
        "There is no ledger.",
    )


@scale.command("add-node", epilog=examples("scale add-node worker-3:5432"))
@node_argument
@json_option
def add_node(node: Node) -> None:
    """Add a worker. Nothing moves to it yet."""
    on_coordinator(lambda conn: scaling.add_node(conn, node, wait))
    tell({"node": str(node)}, f"{node} is a worker now: zerosum scale move")


@scale.command("move", epilog=examples("scale move main worker-3:5432"))
@click.argument("ledger")
@node_argument
@json_option
def move(ledger: str, node: Node) -> None:
    """Move a ledger to a worker, while it is used.

    The ledgers of its shard move with it.
    """
    names = on_coordinator(lambda conn: scaling.move(conn, ledger, node, wait))
    tell({"ledgers": names, "node": str(node)}, f"On {node}: {', '.join(names)}")


@scale.command("drain", epilog=examples("scale drain worker-1:5432"))
@node_argument
@json_option
def drain(node: Node) -> None:
    """Move all ledgers of a worker to the others, while they are used."""
    on_coordinator(lambda conn: scaling.drain(conn, node, wait))
    tell({"drained": str(node)}, f"No ledger is on {node} now.")
