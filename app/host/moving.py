"""Moving a database to another server or a newer major version, by logical replication: seconds of
read-only, however large it is.

The target is migrated, so that it has every table and trigger. Its triggers are off while rows are
copied: they would judge a copy that is not whole yet. The switch makes the source read-only, waits
until the target has all, takes over the sequences (which are not replicated), puts the triggers on,
and compares both. If they differ, the source is writable again and nothing has happened.

`source` and `target` are connections of the tables' owners. The names of tables come from the
catalog, never from input.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

import asyncpg

from app.database.connections import call
from app.host.migrate import migrate
from app.transparency.ledger_log import log_state
from app.transparency.signed_notes import encoded

NAME = "zerosum_move"  # of the publication, the subscription and its slot
# Of the place and not of the ledgers: what the target has of its own.
LEFT = ("migrations", "releases", "relays")
WAIT_S = 60.0  # for the target to have all, while the source is read-only
STEP_S = 0.05


class CantMove(Exception):
    """The move can't go on; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Progress:
    """tables: how many there are; ready: how many of them are copied and follow. behind: bytes of
    the source's log that the target has not got."""

    tables: int
    ready: int
    behind: int


async def tables(conn: asyncpg.Connection) -> list[str]:
    rows = await conn.fetch(
        "select relname from pg_class where relnamespace = 'ledger'::regnamespace"
        " and relkind = 'r' and relname <> all ($1) order by 1",
        LEFT,
    )
    return [row["relname"] for row in rows]


async def obstacles(source: asyncpg.Connection, target: asyncpg.Connection) -> list[str]:
    """Return what would stop the move, each with what to do; empty: nothing is known to."""
    found = []
    if await source.fetchval("show wal_level") != "logical":
        found.append("the source has no wal_level = logical: set it, and restart the source")
    if not await source.fetchval(
        "select rolsuper or rolreplication or exists (select from pg_roles r where"
        " r.rolname in ('rds_replication', 'azure_pg_admin', 'cloudsqlsuperuser')"
        " and pg_has_role(current_user, r.oid, 'member'))"
        " from pg_roles where rolname = current_user"
    ):
        found.append("the source's role may not replicate: alter role … replication")
    if await source.fetchval(
        "select current_setting('max_replication_slots')::int <= count(*) from pg_replication_slots"
    ):
        found.append("the source has no replication slot left: raise max_replication_slots")
    naked = await source.fetch(
        "select relname from pg_class c where relnamespace = 'ledger'::regnamespace"
        " and relkind = 'r' and relname <> all ($1) and not exists ("
        "  select from pg_index i where i.indrelid = c.oid and i.indisprimary)",
        LEFT,
    )
    found += [f"the table {row['relname']} has no primary key" for row in naked]
    long_s = await source.fetchval(
        "select coalesce(max(extract(epoch from clock_timestamp() - xact_start)), 0)"
        " from pg_stat_activity where pid <> pg_backend_pid() and backend_type = 'client backend'"
    )
    if long_s > 60:
        found.append(
            f"a transaction of the source is open for {long_s:.0f} s, and the copy waits for its"
            " end: end it"
        )
    versions = [conn.get_server_version().major for conn in (source, target)]
    if versions[1] < versions[0]:
        found.append(
            f"the target is PostgreSQL {versions[1]}, older than the source's {versions[0]}"
        )
    if not await target.fetchval(
        "select rolsuper or exists (select from pg_roles r where"
        " r.rolname in ('pg_create_subscription', 'rds_superuser', 'azure_pg_admin',"
        "  'cloudsqlsuperuser') and pg_has_role(current_user, r.oid, 'member'))"
        " from pg_roles where rolname = current_user"
    ):
        found.append(
            "the target's role may not subscribe: grant pg_create_subscription to it"
            " (before PostgreSQL 16 it must be a superuser)"
        )
    if await has_transactions(target):
        found.append("the target has transactions: name an empty database")
    return found


async def has_transactions(conn: asyncpg.Connection) -> bool:
    if await conn.fetchval("select to_regclass('ledger.transactions')") is None:
        return False
    return bool(await conn.fetchval("select exists (select from ledger.transactions)"))


async def start(source: asyncpg.Connection, target: asyncpg.Connection, source_url: str) -> None:
    """Begin to copy. source_url: the source as the target reaches it. Raises CantMove."""
    if found := await obstacles(source, target):
        raise CantMove("; ".join(found))
    await migrate(target)
    names = await tables(source)
    if names != await tables(target):
        raise CantMove("the source is of another release: run zerosum migrate there first")
    listed = ", ".join(f"ledger.{name}" for name in names)
    async with target.transaction():
        for name in names:
            await target.execute(f"alter table ledger.{name} disable trigger user")
        # What migrating put there comes from the source too.
        await target.execute(f"truncate {listed}")
    await source.execute(f"create publication {NAME} for table {listed}")
    # (A subscription takes its URL as a literal.)
    literal = await target.fetchval("select quote_literal($1::text)", source_url)
    try:
        await target.execute(f"create subscription {NAME} connection {literal} publication {NAME}")
    except asyncpg.PostgresError as error:
        await source.execute(f"drop publication {NAME}")
        await put_triggers_on(target)
        raise CantMove(f"the target can't subscribe to the source: {error}") from None


async def progress(source: asyncpg.Connection, target: asyncpg.Connection) -> Progress:
    """Return how far the copy is. Raises CantMove if there is none."""
    row = await target.fetchrow(
        "select count(*) as tables, count(*) filter (where srsubstate = 'r') as ready"
        " from pg_subscription s join pg_subscription_rel r on r.srsubid = s.oid"
        " where s.subname = $1",
        NAME,
    )
    behind = await source.fetchval(
        "select pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn)::bigint"
        " from pg_replication_slots where slot_name = $1",
        NAME,
    )
    if row is None or row["tables"] == 0 or behind is None:
        raise CantMove("there is no move to this target: zerosum move start")
    return Progress(row["tables"], row["ready"], max(0, behind))


async def finish(source: asyncpg.Connection, target: asyncpg.Connection) -> tuple[float, list[str]]:
    """Switch to the target. Returns for how many seconds the source was read-only until the target
    was ready, and a line for each ledger. Raises CantMove; the source is writable again then."""
    now = await progress(source, target)
    if now.ready < now.tables:
        raise CantMove(f"{now.tables - now.ready} of {now.tables} tables are still copied; wait")
    await target.execute("analyze")
    began = time.monotonic()
    try:
        await make_read_only(source, True)
        await await_all(source, target)
        await take_over_sequences(source, target)
        told = await compared(source, target)
    except BaseException:
        await make_read_only(source, False)
        raise
    await end_subscription(source, target)
    await put_triggers_on(target)
    return time.monotonic() - began, told


async def cancel(source: asyncpg.Connection, target: asyncpg.Connection) -> None:
    """Undo start(): the source goes on as before, and the target is empty."""
    await make_read_only(source, False)
    await end_subscription(source, target)
    names = await tables(target)
    await target.execute(f"truncate {', '.join(f'ledger.{name}' for name in names)}")
    await put_triggers_on(target)


async def make_read_only(source: asyncpg.Connection, read_only: bool) -> None:
    """Let no session of the source write, or let all write again. Open sessions are ended: they
    would keep what they began with."""
    name = await source.fetchval("select quote_ident(current_database())")
    await source.execute("set default_transaction_read_only = off")
    setting = "default_transaction_read_only"
    change = f"set {setting} = on" if read_only else f"reset {setting}"
    await source.execute(f"alter database {name} {change}")
    await source.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()"
        " and datname = current_database() and backend_type = 'client backend'"
    )


async def await_all(source: asyncpg.Connection, target: asyncpg.Connection) -> None:
    """Wait until the target has all that the source has. Raises CantMove."""
    end = await source.fetchval("select pg_current_wal_lsn()")
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        if await source.fetchval(
            "select confirmed_flush_lsn >= $2 from pg_replication_slots where slot_name = $1",
            NAME,
            end,
        ):
            return
        await asyncio.sleep(STEP_S)
    raise CantMove(
        f"the target is not there after {WAIT_S:.0f} s; see its log, and try again when"
        " zerosum move status shows that it follows"
    )


async def take_over_sequences(source: asyncpg.Connection, target: asyncpg.Connection) -> None:
    for row in await source.fetch(
        "select sequencename as name, last_value from pg_sequences where schemaname = 'ledger'"
        " and last_value is not null"
    ):
        await target.execute(
            "select setval(('ledger.' || quote_ident($1))::regclass, $2)",
            row["name"],
            row["last_value"],
        )


async def compared(source: asyncpg.Connection, target: asyncpg.Connection) -> list[str]:
    """Return a line for each ledger, which is the same on both. Raises CantMove if one is not."""
    told = []
    for row in await call(source, "list_ledgers"):
        ledger, name = row["ledger_id"], row["name"]
        states = []
        for conn in (source, target):
            _, size, root = await log_state(conn, ledger)
            sums = [tuple(one) for one in await call(conn, "trial_balance", ledger=ledger)]
            ends = await conn.fetchrow(
                "select zerosum.last_transaction($1),"
                " (select count(*) from ledger.outbox where ledger_id = $1),"
                " (select max(hold_id) from ledger.hold_postings where ledger_id = $1)",
                ledger,
            )
            assert ends is not None
            states.append((size, encoded(root), sums, tuple(ends)))
        if states[0] != states[1]:
            raise CantMove(f"the ledger {name} differs: {states[0]} there, {states[1]} here")
        told.append(f"ledger {name}: the same up to event {states[0][0]}:{states[0][1]}")
    return told


async def end_subscription(source: asyncpg.Connection, target: asyncpg.Connection) -> None:
    """Take away what start() created on both sides, as far as it is there."""
    if await target.fetchval(
        "select exists (select from pg_subscription where subname = $1)", NAME
    ):
        await target.execute(f"alter subscription {NAME} disable")
        await target.execute(f"alter subscription {NAME} set (slot_name = none)")
        await target.execute(f"drop subscription {NAME}")
    until = time.monotonic() + WAIT_S
    while await source.fetchval(
        "select exists (select from pg_replication_slots where slot_name = $1 and active)", NAME
    ):
        if time.monotonic() > until:
            raise CantMove(f"the source's slot {NAME} is still used: drop it by hand")
        await asyncio.sleep(STEP_S)
    await source.execute(
        "select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1",
        NAME,
    )
    await source.execute(f"drop publication if exists {NAME}")


async def put_triggers_on(target: asyncpg.Connection) -> None:
    """Put every trigger on, as migrating left it: zerosum.verify_triggers() compares."""
    rows = await target.fetch(
        "select c.relname, t.tgname from pg_trigger t join pg_class c on c.oid = t.tgrelid"
        " where c.relnamespace = 'ledger'::regnamespace and not t.tgisinternal"
    )
    async with target.transaction():
        for row in rows:
            await target.execute(
                f"alter table ledger.{row['relname']} enable always trigger {row['tgname']}"
            )
    if faults := await call(target, "verify_triggers"):
        raise CantMove(f"the target's triggers are not as they must be: {faults[0]['subject']}")
