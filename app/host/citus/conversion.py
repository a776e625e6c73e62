"""Distributing a database by ledger on Citus: tables, triggers, functions, ids, settings. Each step
finds what an earlier run has done, so that it can be run again.

A ledger's rows are on one node, and a call of its verbs runs there whole. Names of tables, triggers
and functions come from the catalog, never from input.
"""

from __future__ import annotations

from pathlib import Path

import asyncpg

from app.host.citus.spelling import on_citus

# Of the place and not of a ledger: they stay on the coordinator.
LOCAL = ("migrations", "releases", "relays", "identity")
# Looked up before the ledger is known: every node has them whole.
REFERENCE = ("api_keys", "sessions")
FIRST = "ledgers"
# A ledger's ids and the order of its outbox are drawn where the ledger is, and have one range for
# all nodes. (Citus gives a sequence that is a column's default another range on each node; an id
# would fall when its ledger moves to a lower node.) Nobody draws them on the coordinator, so a call
# that runs there is refused instead of drawing an id that is not the ledger's next.
OWN_IDS = ("transaction_id", "outbox_ord")
# Functions of keys, which are on the coordinator too, and one that is about no ledger's rows.
UNDELEGATED = ("add_key", "list_keys", "has_keys", "revoke_key")
SHARDS = 32
AWAKE = 9_000_000_000_000_000_000  # in milliseconds since 1970: no node ever has to notify
SETTINGS = {
    # A function in a select list reads tables of the same shard.
    "citus.allow_nested_distributed_execution": "on",
    # Hiding shards from the catalog costs each new session's first query 1.3 s.
    "citus.show_shards_for_app_name_prefixes": "'*'",
    # A transaction that read every shard may write a table that every node has.
    "citus.multi_shard_modify_mode": "sequential",
    "jit": "off",
}

UNDISTRIBUTED = """
select relname from pg_class c where relnamespace = 'ledger'::regnamespace and relkind = 'r'
    and relname <> all ($1)
    and not exists (select from pg_dist_partition p where p.logicalrelid = c.oid)
    and not exists (select from pg_dist_shard s where c.relname ~ ('_' || s.shardid || '$'))
order by relname <> $2, relname
"""
TRIGGERS = """
select c.relname, t.tgname, pg_get_triggerdef(t.oid) as definition
from pg_trigger t join pg_class c on c.oid = t.tgrelid
where c.relnamespace = 'ledger'::regnamespace and not t.tgisinternal and c.relname = any ($1)
"""
FOREIGN_KEYS = """
select r.relname, c.conname, pg_get_constraintdef(c.oid) as definition, f.relname as target
from pg_constraint c join pg_class r on r.oid = c.conrelid join pg_class f on f.oid = c.confrelid
where c.contype = 'f' and c.connamespace = 'ledger'::regnamespace
    and (r.relname = any ($1) or f.relname = any ($1))
"""
DEFAULTS = """
select c.relname, a.attname
from pg_attrdef d join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
join pg_class c on c.oid = d.adrelid
where c.relnamespace = 'ledger'::regnamespace and c.relname = any ($1)
    and pg_get_expr(d.adbin, d.adrelid) ~ $2
"""
TRUNCATE_TRIGGERS = """
select c.relname, t.tgname from pg_trigger t join pg_dist_partition p on p.logicalrelid = t.tgrelid
join pg_class c on c.oid = t.tgrelid
where c.relnamespace = 'ledger'::regnamespace and t.tgname ~ '_truncate$' order by 1
"""
FUNCTIONS = """
select p.oid::regprocedure::text as name, p.proargnames[1] as first,
    p.proargtypes[0] = 'int8'::regtype and p.proargnames[1] in ('ledger', 'l')
        and p.proname <> all ($1) as of_ledger
from pg_proc p where p.pronamespace = 'zerosum'::regnamespace
    and not exists (
        select from pg_catalog.pg_dist_object o
        where o.classid = 'pg_proc'::regclass and o.objid = p.oid
            and (coalesce(o.distribution_argument_index, -1) >= 0
                or not (p.proargtypes[0] = 'int8'::regtype
                    and p.proargnames[1] in ('ledger', 'l') and p.proname <> all ($1))))
order by 3 nulls first, p.proname
"""


async def is_distributed(conn: asyncpg.Connection) -> bool:
    """Return whether this database is distributed by ledger."""
    if await conn.fetchval("select to_regclass('pg_catalog.pg_dist_partition')") is None:
        return False
    return bool(
        await conn.fetchval(
            "select exists (select from pg_dist_partition"
            " where logicalrelid = to_regclass('ledger.ledgers'))"
        )
    )


def admit_changes(timeout: str) -> str:
    """Return the statements before a change of distributed tables: none of a ledger's calls begins
    before the end of this transaction, if those that run end within the timeout.

    A call holds a lock on the first table here and then wants the others' on its node. A change of
    tables wants both in another order, so that each would wait for the other. (Told to other nodes,
    the lock would itself be taken in another order.)
    """
    return (
        "set local citus.propagate_set_commands = 'local';"
        f" set local lock_timeout = '{timeout}';"
        " set local citus.enable_unsafe_triggers = on;"
        " set local citus.enable_ddl_propagation = off;"
        f" lock table ledger.{FIRST} in access exclusive mode;"
        " set local citus.enable_ddl_propagation = on"
    )


async def distribute_tables(conn: asyncpg.Connection, sql: Path, shards: int) -> list[str]:
    """Distribute the tables that are not yet, in the caller's transaction. Returns their names."""
    await conn.execute("set local citus.enable_unsafe_triggers = on")
    await conn.execute("set local citus.multi_shard_modify_mode = 'sequential'")
    await conn.execute("set local client_min_messages = warning")
    await conn.execute((sql / "citus/triggers.sql").read_text())
    names = [row["relname"] for row in await conn.fetch(UNDISTRIBUTED, LOCAL, FIRST)]
    triggers = await conn.fetch(TRIGGERS, names)
    keys = await conn.fetch(FOREIGN_KEYS, names)
    for one in triggers:
        await conn.execute(f"drop trigger {one['tgname']} on ledger.{one['relname']}")
    for one in keys:
        await conn.execute(f"alter table ledger.{one['relname']} drop constraint {one['conname']}")
    for row in await conn.fetch(DEFAULTS, names, rf"nextval\('ledger\.({'|'.join(OWN_IDS)})'"):
        await conn.execute(
            f"alter table ledger.{row['relname']} alter {row['attname']} drop default"
        )
    for name in names:
        await conn.execute(distribution(name, shards))
    for one in keys:
        # (Citus has none from a table that every node has to one that is distributed.)
        if one["relname"] not in REFERENCE or one["target"] in REFERENCE:
            await conn.execute(
                f"alter table ledger.{one['relname']} add constraint {one['conname']}"
                f" {one['definition']}"
            )
    for one in triggers:
        await conn.execute(one["definition"])
        await conn.execute(
            f"alter table ledger.{one['relname']} enable always trigger {one['tgname']}"
        )
    return names


async def guard_shards(conn: asyncpg.Connection) -> None:
    """Give each shard its table's triggers for TRUNCATE, which Citus creates with a shard that
    moves and not with a new one. Only what is committed has shards to be seen."""
    for row in await conn.fetch(TRUNCATE_TRIGGERS):
        table, trigger = row["relname"], row["tgname"]
        # (%1$s is the shard's name, which ends with its number.)
        number = "substring('%1$s' from '\\d+$')"
        name = f"'{trigger}_' || {number}"
        guard = (
            f"if not exists (select from pg_trigger where tgrelid = '%1$s'::regclass"
            f" and tgname = {name}) then"
            f" execute 'create trigger ' || {name} || ' before truncate on %1$s"
            f" for each statement execute function ledger.refuse()';"
            f" execute 'alter table %1$s enable always trigger ' || {name}; end if"
        )
        for done in await conn.fetch(
            "select success, result from run_command_on_shards($1, $2)",
            f"ledger.{table}",
            f"do $$ begin {guard}; end $$",
        ):
            if not done["success"]:
                raise RuntimeError(f"a trigger of {table}: {done['result']}")


def distribution(name: str, shards: int) -> str:
    if name in REFERENCE:
        return f"select create_reference_table('ledger.{name}')"
    beside = f"'none', shard_count => {shards}" if name == FIRST else f"'ledger.{FIRST}'"
    return (
        f"select create_distributed_table('ledger.{name}', 'ledger_id', colocate_with => {beside})"
    )


def functions(sql: Path, texts: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return names and texts of the functions as Citus runs them: by rule, or as sql/citus/ has
    them."""
    own = {path.name: path.read_text() for path in sorted((sql / "citus").glob("*.sql"))}
    del own["triggers.sql"]
    return [(name, on_citus(text)) for name, text in texts if name not in own] + list(own.items())


async def distribute_functions(conn: asyncpg.Connection) -> None:
    """Let every node have every function, and a ledger's verb run where the ledger is."""
    for row in await conn.fetch(FUNCTIONS, UNDELEGATED):
        if row["of_ledger"]:
            await conn.execute(
                "select create_distributed_function($1::regprocedure, $2,"
                " colocate_with => 'ledger.ledgers')",
                row["name"],
                row["first"],
            )
        else:
            await conn.execute("select create_distributed_function($1::regprocedure)", row["name"])
