"""`zerosum scale start` dies at any of its statements: the database goes on, as it was or
distributed, and another run ends the work."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from app.database.connections import connect
from app.host.citus import scaling
from app.host.citus.conversion import is_distributed
from tests.support.citus import Cluster, Node
from tests.support.command import zerosum

SHARDS = 4
EVERY = 150  # Of the statements in the transaction, which Postgres undoes whole.


class Cut(Exception):
    """The client is gone."""


class Dying(asyncpg.Connection):
    """A connection that is lost before its n-th statement. inside: of each statement, whether a
    transaction was open."""

    dies_at = 10**9

    def count(self) -> None:
        self.inside: list[bool] = getattr(self, "inside", [])
        if len(self.inside) == self.dies_at:
            self.terminate()
            raise Cut
        self.inside.append(self.is_in_transaction())

    async def execute(self, *args: Any, **rest: Any) -> Any:
        self.count()
        return await super().execute(*args, **rest)

    async def fetch(self, *args: Any, **rest: Any) -> Any:
        self.count()
        return await super().fetch(*args, **rest)

    async def fetchval(self, *args: Any, **rest: Any) -> Any:
        self.count()
        return await super().fetchval(*args, **rest)


async def start(url: str, dies_at: int = Dying.dies_at) -> list[bool]:
    """Run `scale start` up to this statement, or to its end."""
    conn = await asyncpg.connect(url, connection_class=Dying)
    conn.dies_at = dies_at
    try:
        await scaling.start(conn, shards=SHARDS)
    except (Cut, asyncpg.InterfaceError):
        assert dies_at < Dying.dies_at
    if not conn.is_closed():
        await conn.close()
    inside: list[bool] = conn.inside
    return inside


def points(inside: list[bool]) -> list[int]:
    """Return each statement outside of the transaction, and some within."""
    within = [n for n, one in enumerate(inside) if one]
    return sorted(
        {n for n, one in enumerate(inside) if not one} | set(within[::EVERY]) | {within[-1]}
    )


async def pay(url: str) -> bool:
    """Pay as a server would. Return whether the database is distributed."""
    conn = await connect(url)
    try:
        await conn.execute("select * from zerosum.credit(1, 'alice', 1)")
        return await is_distributed(conn)
    finally:
        await conn.close()


async def ledger_with_alice(cluster: Cluster, workers: list[Node] | None = None) -> str:
    """Return the URL of a database with a ledger, which is to be distributed on these workers."""
    url = await cluster.database(workers)
    conn = await connect(url)
    await conn.execute("select zerosum.create_ledger('main')")
    await conn.execute("select * from zerosum.create_wallet(1, 'alice', 'USD')")
    await conn.close()
    return url


async def test_a_start_that_dies_anywhere_is_run_again(cluster: Cluster) -> None:
    url = await ledger_with_alice(cluster)
    first, second = await start(url), await start(url)
    begun, again = points(first), points(second)
    url = await ledger_with_alice(cluster)
    paid, states = 0, []
    for point in [*begun, *again]:
        await start(url, point)
        states.append(await pay(url))
        paid += 1
    # What was committed is never undone, and only what comes after the commit is.
    commit = max(n for n, one in enumerate(first) if one)
    assert states[: len(begun)] == [point > commit for point in begun]
    assert all(states[len(begun) :])
    await start(url)
    conn = await connect(url)
    ids = await conn.fetch(
        "select transaction_id from ledger.entries where wallet_id = 'alice' order by version"
    )
    assert len(ids) == paid
    assert [one["transaction_id"] for one in ids] == sorted(one["transaction_id"] for one in ids)
    assert await conn.fetch("select * from zerosum.unsafe_settings()") == []
    await conn.close()
    code, told = await zerosum(url, "verify")
    assert code == 0, told


async def test_a_worker_is_added_after_the_start(cluster: Cluster) -> None:
    url = await ledger_with_alice(cluster, cluster.workers[:1])
    await start(url)
    await pay(url)
    node = f"127.0.0.1:{cluster.workers[1].port}"
    for _ in range(2):  # The second finds what the first has done.
        code, told = await zerosum(url, "scale", "add-node", node)
        assert code == 0, told
    code, told = await zerosum(url, "scale", "move", "main", node)
    assert code == 0, told
    await pay(url)
    conn = await connect(url)
    ids = await conn.fetch("select id from ledger.transactions order by recorded_at")
    assert [one["id"] for one in ids] == sorted(one["id"] for one in ids)
    await conn.close()
    code, told = await zerosum(url, "verify")
    assert code == 0, told


async def test_a_worker_that_was_added_by_hand_or_in_part_gets_ledgers(cluster: Cluster) -> None:
    url = await ledger_with_alice(cluster, cluster.workers[:1])
    await start(url)
    other = cluster.workers[1]
    conn = await connect(url)
    await conn.execute(f"select citus_add_node('127.0.0.1', {other.port})")
    await conn.close()
    code, told = await zerosum(url, "scale", "move", "main", f"127.0.0.1:{other.port}")
    assert code == 0, told
    await pay(url)
    code, told = await zerosum(url, "verify")
    assert code == 0, told


async def test_a_worker_without_a_free_process_is_refused(cluster: Cluster) -> None:
    """Citus would wait for ever for the copy to begin."""
    url = await ledger_with_alice(cluster)
    await start(url)
    conn = await connect(url)
    assert len(await scaling.everywhere(conn, scaling.FREE_PROCESSES)) == 2
    (most, *_) = await scaling.everywhere(conn, "show max_worker_processes")
    scarce = scaling.FREE_PROCESSES.replace("::int", f"::int - {most}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scaling, "FREE_PROCESSES", scarce)
        with pytest.raises(scaling.CantScale, match="raise max_worker_processes"):
            await scaling.move(conn, "main", await elsewhere(conn))
    await scaling.move(conn, "main", await elsewhere(conn))
    await conn.close()


async def elsewhere(conn: asyncpg.Connection) -> scaling.Node:
    (place,) = await scaling.places(conn)
    return next(node for node in await scaling.nodes(conn) if node != place.node)
