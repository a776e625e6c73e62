"""What nobody may do to a table, the owner may not do to a shard either; verify looks at each."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import asyncpg
import pytest

from app.database.connections import connect
from tests.support.citus import Cluster
from tests.support.command import run, zerosum
from tests.support.ledger import raises

REFUSED = "ZS902"
CHANGES = {
    "entries": ("update {} set amount = amount", "delete from {}"),
    "transactions": ("update {} set kind = kind", "delete from {}"),
    "events": ("update {} set body = body",),
    "tiles": ("update {} set root = root", "delete from {}"),
    "outbox": ("update {} set payload = payload",),
    "wallets": ("delete from {}",),
    "restorations": ("update {} set kept_seq = 0", "delete from {}"),
}
SHARDS = """
select c.relname from pg_class c join pg_dist_shard s on c.relname = $1 || '_' || s.shardid
where c.relnamespace = 'ledger'::regnamespace order by 1
"""


@pytest.fixture
async def coordinator(scaled_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A ledger with a transfer, one event of it stamped and one in the outbox."""
    conn = await connect(scaled_url)
    await conn.execute("select zerosum.create_ledger('main')")
    for name in ("alice", "bob"):
        await conn.execute("select zerosum.create_wallet(1, $1, 'USD')", name)
    await conn.execute("select * from zerosum.credit(1, 'alice', 100)")
    epoch = await conn.fetchval("select epoch from zerosum.take_leases('r', 30)")
    await conn.execute("select * from zerosum.stamp(1, 'r', $1, 10)", epoch)
    await conn.execute("select * from zerosum.transfer(1, 'alice', 'bob', 10)")
    yield conn
    await conn.close()


async def test_the_owner_changes_no_shard(
    coordinator: asyncpg.Connection, cluster: Cluster, scaled_url: str
) -> None:
    seen = 0
    for node in cluster.workers:
        worker = await connect(node.url(scaled_url.rsplit("/", 1)[1]))
        await worker.execute("set citus.enable_manual_changes_to_shards = on")
        for table, changes in CHANGES.items():
            for row in await worker.fetch(SHARDS, table):
                seen += 1
                for change in (*changes, "truncate {}"):
                    await raises(REFUSED, worker.execute(change.format(f"ledger.{row[0]}")))
        await worker.close()
    assert seen == 4 * len(CHANGES)
    for table, changes in CHANGES.items():
        for change in (*changes, "truncate {}"):
            with pytest.raises(asyncpg.PostgresError) as caught:
                await coordinator.execute(change.format(f"ledger.{table}"))
            assert caught.value.sqlstate == REFUSED or table == "restorations"


async def test_verify_sees_a_trigger_that_is_missing_on_one_shard(
    coordinator: asyncpg.Connection, cluster: Cluster, scaled_url: str
) -> None:
    assert (await zerosum(scaled_url, "verify"))[0] == 0
    place = await coordinator.fetchrow(
        "select n.nodeport as port, p.shardid as shard from pg_dist_placement p"
        " join pg_dist_node n on n.groupid = p.groupid"
        " where p.shardid = get_shard_id_for_distribution_column('ledger.entries', 1)"
    )
    assert place is not None
    (node,) = [node for node in cluster.workers if node.port == place["port"]]
    worker = await connect(node.url(scaled_url.rsplit("/", 1)[1]))
    name = f"entries_{place['shard']}"
    await worker.execute("set citus.enable_manual_changes_to_shards = on")
    await worker.execute(
        f"alter table ledger.{name} disable trigger entries_append_{place['shard']}"
    )
    code, told = await zerosum(scaled_url, "verify")
    assert code == 1
    assert re.search(rf"trigger {name} entries.entries_append: altered or disabled", told)
    await worker.close()


async def test_a_call_that_runs_on_the_coordinator_draws_no_id(
    coordinator: asyncpg.Connection,
) -> None:
    """In a transaction of the caller's own a verb is not sent to the ledger's node. An id that is
    not the ledger's next would be worse than a refusal."""
    count = "select count(*) from ledger.transactions"
    before = await coordinator.fetchval(count)
    async with coordinator.transaction():
        with pytest.raises(asyncpg.UndefinedTableError):
            await coordinator.execute("select * from zerosum.transfer(1, 'alice', 'bob', 1)")
        raise_away = coordinator.execute("select 1")
        with pytest.raises(asyncpg.InFailedSQLTransactionError):
            await raise_away
    assert await coordinator.fetchval(count) == before


async def test_what_stops_a_start_is_said(database_url: str) -> None:
    code, told, error = await run(database_url, "scale", "start", "--check")
    assert code == 1
    assert "create extension citus" in told
    assert error == "Error: 1 obstacles\n"
    code, _, error = await run(database_url, "scale", "status")
    assert (code, error) == (1, "Error: the database is on one server: zerosum scale start\n")
