"""`zerosum scale`: a database on Citus, from the first node to the last ledger that moves.

Every function takes a connection of the tables' owner to the coordinator.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from app.database.connections import transaction
from app.host.citus.conversion import (
    AWAKE,
    OWN_IDS,
    SETTINGS,
    SHARDS,
    distribute_functions,
    distribute_tables,
    functions,
    guard_shards,
    is_distributed,
)
from app.host.migrate import LOCK_KEY, SQL, is_current, texts

TURNS_KEY = LOCK_KEY + 1
# Ids that a move leaves out: more than are drawn on the old node while it lasts.
MOVE_IDS = 1_000_000_000

NODES = """
select nodename, nodeport, groupid from pg_dist_node
where groupid > 0 and isactive and noderole = 'primary' order by groupid
"""
# Of those that a copy by logical replication needs, and each database with Citus too.
FREE_PROCESSES = """
select current_setting('max_worker_processes')::int - count(*) from pg_stat_activity
where backend_type not in ('client backend', 'autovacuum launcher', 'autovacuum worker', 'archiver',
    'background writer', 'checkpointer', 'startup', 'walreceiver', 'walsender', 'walwriter')
"""

Tell = Callable[[str], None]


def unheard(_: str) -> None:
    """Hear nothing."""


class CantScale(Exception):
    """It can't be done; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Node:
    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a ledger is. shard: its number; ledgers of one shard move together. bytes: of the shard
    and of what is beside it."""

    ledger: str
    node: Node
    shard: int
    bytes: int


async def obstacles(conn: asyncpg.Connection) -> list[str]:
    """Return what would stop start(), each with what to do; empty: nothing is known to."""
    if not await conn.fetchval("select exists (select from pg_extension where extname = 'citus')"):
        return ["the database has no Citus: create extension citus, on each node"]
    found = []
    if not await conn.fetchval("select rolsuper from pg_roles where rolname = current_user"):
        found.append("the role is no superuser, or what your host has in its place")
    if await conn.fetchval("select citus_is_coordinator()") is not True:
        found.append("this is not the coordinator: give its address as DATABASE_URL")
    elif not await nodes(conn):
        found.append(
            "the coordinator has no worker: select citus_set_coordinator_host(…),"
            " then citus_add_node(…) for each"
        )
    if await conn.fetchval("show wal_level") != "logical":
        found.append("wal_level is not logical, which moves need: set it on each node")
    if not await is_current(conn):
        found.append("the database is of another release: run zerosum migrate first")
    return found


async def nodes(conn: asyncpg.Connection) -> list[Node]:
    return [Node(row["nodename"], row["nodeport"]) for row in await conn.fetch(NODES)]


async def start(conn: asyncpg.Connection, sql: Path = SQL, shards: int = SHARDS) -> list[str]:
    """Distribute the database by ledger. Returns the tables that were distributed now. Raises
    CantScale.

    Tables and functions come in one transaction, in which nobody else reads or writes the tables.
    """
    if found := await obstacles(conn):
        raise CantScale("; ".join(found))
    await prepare_nodes(conn)
    async with transaction(conn):
        await conn.execute("select pg_advisory_xact_lock($1)", LOCK_KEY)
        await conn.execute("set local check_function_bodies = off")
        names = await distribute_tables(conn, sql, shards)
        for _, text in functions(sql, texts(sql)):
            await conn.execute(text)
        await distribute_functions(conn)
        for name in OWN_IDS:
            await conn.execute(f"drop sequence if exists ledger.{name}")
    await guard_shards(conn)
    database = await conn.fetchval("select quote_ident(current_database())")
    for name, value in SETTINGS.items():
        await conn.execute(f"alter database {database} set {name} = {value}")
    return names


async def prepare_nodes(conn: asyncpg.Connection) -> None:
    """Let each worker have the sequences that its ledgers' ids are drawn from, above all that were
    drawn so far, and the register that says that nobody must notify."""
    await everywhere(conn, here_alone("create schema if not exists ledger"))
    for name in OWN_IDS:
        last = await highest(conn, name)
        await everywhere(conn, here_alone(f"create sequence if not exists ledger.{name}"))
        await everywhere(
            conn,
            f"select setval('ledger.{name}', greatest({last},"
            f" pg_sequence_last_value('ledger.{name}')))",
        )
    await everywhere(
        conn, here_alone("create sequence if not exists ledger.awake minvalue 0 start 0")
    )
    await everywhere(conn, f"select setval('ledger.awake', {AWAKE})")


def here_alone(statement: str) -> str:
    """Return a statement that runs this one on its node and is not told to others."""
    off = "perform set_config('citus.enable_ddl_propagation', 'off', true)"
    return f"do $$ begin {off}; {statement}; end $$"


async def highest(conn: asyncpg.Connection, sequence: str) -> int:
    """Return the highest number that any node has drawn of it, at least 1."""
    of_nodes = await everywhere(
        conn,
        f"select coalesce(pg_sequence_last_value(to_regclass('ledger.{sequence}')), 1)",
    )
    own = await conn.fetchval(
        "select pg_sequence_last_value(to_regclass($1))", f"ledger.{sequence}"
    )
    return max([own or 1, *map(int, of_nodes)])


async def places(conn: asyncpg.Connection) -> list[Place]:
    """Return where each ledger is. Raises CantScale if the database is not distributed."""
    await refuse_undistributed(conn)
    rows = await conn.fetch(
        "select g.name, n.nodename, n.nodeport, p.shardid from ledger.ledgers g"
        " join pg_dist_placement p"
        " on p.shardid = get_shard_id_for_distribution_column('ledger.ledgers', g.ledger_id)"
        " join pg_dist_node n on n.groupid = p.groupid order by g.name"
    )
    sizes = await conn.fetch(
        "select min(shardid) filter (where table_name = 'ledger.ledgers'::regclass) as shard,"
        " sum(shard_size)::bigint as bytes"
        " from citus_shards s join pg_dist_shard using (shardid)"
        " where citus_table_type = 'distributed' group by shardminvalue, shardmaxvalue"
    )
    bytes_of = {row["shard"]: row["bytes"] for row in sizes}
    return [
        Place(
            row["name"],
            Node(row["nodename"], row["nodeport"]),
            row["shardid"],
            bytes_of.get(row["shardid"], 0),
        )
        for row in rows
    ]


async def refuse_undistributed(conn: asyncpg.Connection) -> None:
    if not await is_distributed(conn):
        raise CantScale("the database is on one server: zerosum scale start")


async def add_node(conn: asyncpg.Connection, node: Node, tell: Tell = unheard) -> None:
    """Add a worker, on which Citus is there already. Nothing moves to it yet. tell: hears what this
    waits for."""
    await refuse_undistributed(conn)
    await take_turns(conn, tell)
    await conn.execute("select citus_add_node($1, $2)", node.host, node.port)
    await complete_nodes(conn)


async def take_turns(conn: asyncpg.Connection, tell: Tell) -> None:
    """Wait until nobody else moves ledgers or adds workers; then nobody does until this connection
    ends. When a command was killed, its server ends its work within a second."""
    await conn.execute("set client_connection_check_interval = '1s'")
    if not await conn.fetchval("select pg_try_advisory_lock($1)", TURNS_KEY):
        tell("Another command moves ledgers or adds a worker. This one waits for its end.")
        await conn.execute("select pg_advisory_lock($1)", TURNS_KEY)


async def complete_nodes(conn: asyncpg.Connection) -> None:
    """Let each worker have what a ledger needs there, however the worker was added: keys and
    sessions too, which Citus doesn't copy to a new node by itself. Raises CantScale if one can't
    copy: Citus would wait for ever."""
    for node, free in zip(await nodes(conn), await everywhere(conn, FREE_PROCESSES), strict=True):
        if int(free) < 1:
            raise CantScale(f"{node} has no process left for a copy: raise max_worker_processes")
    await prepare_nodes(conn)
    await conn.execute("select replicate_reference_tables('force_logical')")


async def move(
    conn: asyncpg.Connection, ledger: str, target: Node, tell: Tell = unheard
) -> list[str]:
    """Move a ledger to a worker while it is used, with the ledgers of its shard. Returns their
    names. tell: hears what this waits for. Raises CantScale."""
    await take_turns(conn, tell)
    found = await places(conn)
    here = next((place for place in found if place.ledger == ledger), None)
    if here is None:
        raise CantScale(f"there is no ledger {ledger}")
    if target not in await nodes(conn):
        raise CantScale(f"there is no worker {target}: zerosum scale status")
    together = [place.ledger for place in found if place.shard == here.shard]
    if here.node == target:
        return together
    await complete_nodes(conn)
    await skip_ids(conn, [target])
    await conn.execute(
        "select citus_move_shard_placement($1, $2, $3, $4, $5, 'force_logical')",
        here.shard,
        here.node.host,
        here.node.port,
        target.host,
        target.port,
    )
    return together


async def drain(conn: asyncpg.Connection, node: Node, tell: Tell = unheard) -> None:
    """Move all ledgers of a worker to the others, while they are used. tell: hears what this waits
    for."""
    await refuse_undistributed(conn)
    await take_turns(conn, tell)
    if node not in await nodes(conn):
        raise CantScale(f"there is no worker {node}: zerosum scale status")
    await complete_nodes(conn)
    await skip_ids(conn, [other for other in await nodes(conn) if other != node])
    await conn.execute("select citus_drain_node($1, $2, 'force_logical')", node.host, node.port)


async def skip_ids(conn: asyncpg.Connection, targets: list[Node]) -> None:
    """Let these workers draw ids above all that any worker draws while a ledger moves there: a
    ledger's ids rise, wherever it is."""
    for name in OWN_IDS:
        last = await highest(conn, name) + MOVE_IDS
        await on_nodes(conn, targets, f"select setval('ledger.{name}', {last})")


async def everywhere(conn: asyncpg.Connection, statement: str) -> list[str]:
    return await on_nodes(conn, await nodes(conn), statement)


async def on_nodes(conn: asyncpg.Connection, targets: list[Node], statement: str) -> list[str]:
    """Run a statement on these workers. Returns what each returned. Raises CantScale if one
    can't."""
    rows = await conn.fetch(
        "select node_name, node_port, success, result"
        " from master_run_on_worker($1, $2, $3, parallel => false)",
        [node.host for node in targets],
        [node.port for node in targets],
        [statement] * len(targets),
    )
    for row in rows:
        if not row["success"]:
            raise CantScale(f"{row['node_name']}:{row['node_port']}: {row['result']}")
    return [row["result"] for row in rows]
