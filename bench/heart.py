"""What the functions cost a backend in CPU time, beside the same rows written barely; and the verb
beside pgledger.

On a shared machine CPU time is steadier than throughput. Bare rows are the same inserts and updates
in one statement, on the same tables with the same indexes, without triggers and functions: nothing
is decided.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import time
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg

from app.database.connections import call, connect
from app.host.migrate import migrate
from bench.harness import SECONDS, Bench
from bench.load import WALLETS
from tests.support.ledger import lease

SIZES = (1, 32, 100)
STAMPED = 200  # events a call
TO_STAMP = 60  # batches of 100 before each round of stamping
PGLEDGER = [path for path in os.environ.get("PGLEDGER_SQL", "").split(os.pathsep) if path]
POST = "select * from zerosum.post(1, $1, $2, $3, $4, $5, $6)"
BARE = """
with requests as materialized (
    select nextval('ledger.transaction_id') as id, nextval('ledger.outbox_ord') as ord, u.*
    from unnest($1::text[], $2::text[], $3::text[], $4::text[]) u (key, source, destination, amount)
), transactions as (
    insert into ledger.transactions (ledger_id, id, effective_at, recorded_at, kind, key, fingerprint)
    select 1, id, now(), now(), 'transfer', key, $6 from requests
), entries as (
    insert into ledger.entries (ledger_id, wallet_id, version, transaction_id, posting, asset, amount, balance,
        recorded_at)
    select 1, v.wallet, r.id, r.id, 1, 'USD', v.amount, v.amount, now()
    from requests r
    cross join lateral (values (source, -amount::numeric), (destination, amount::numeric)) v (wallet, amount)
), outbox as (
    insert into ledger.outbox (ledger_id, ord, id, aggregatetype, aggregateid, type, transaction_id, recorded_at,
        payload)
    select 1, ord, gen_random_uuid(), 'transaction', id::text, 'transaction.posted', id, now(), $5 from requests
)
update ledger.wallets w
set posted = w.posted + c.amount, version = w.version + c.entries, recorded_at = now()
from (
    select v.wallet, sum(v.amount) as amount, count(*) as entries
    from requests r
    cross join lateral (values (source, -amount::numeric), (destination, amount::numeric)) v (wallet, amount)
    group by v.wallet
) c
where w.ledger_id = 1 and w.id = c.wallet
"""
BARE_STAMP = """
with taken as (
    delete from ledger.outbox o
    where o.ledger_id = 1 and o.ord = any (array(
        select ord from ledger.outbox where ledger_id = 1 order by ord limit $1))
    returning *
)
insert into ledger.events (ledger_id, seq, transaction_id, recorded_at, id, type, leaf, body)
select 1, ord, transaction_id, recorded_at, id, type, $2, payload from taken
"""
NO_TRIGGERS = """
do $$ declare made record; begin
    for made in select tgname, tgrelid::regclass as relation from pg_trigger
        where not tgisinternal and tgrelid in (
            select oid from pg_class where relnamespace = 'ledger'::regnamespace)
    loop
        execute format('drop trigger %I on %s', made.tgname, made.relation);
    end loop;
end $$
"""


class Heart:
    """Two databases without a server: `posted` for the functions, `bare` for bare rows."""

    def __init__(self, posted: asyncpg.Connection, bare: asyncpg.Connection) -> None:
        self.posted, self.bare, self.payload, self.epoch = posted, bare, "", 0

    async def post(self, size: int) -> dict[str, float]:
        statement = await self.posted.prepare(POST)

        async def once() -> None:
            rows = await statement.fetch(*batch(size))
            self.payload = rows[0]["body"]

        return {"cpu_us": await cpu_us(self.posted, once) / size}

    async def rows(self, size: int) -> dict[str, float]:
        statement = await self.bare.prepare(BARE)

        async def once() -> None:
            _, keys, _, *wallets = batch(size)
            await statement.fetch(keys, *wallets, self.payload, bytes(32))

        return {"cpu_us": await cpu_us(self.bare, once) / size}

    async def stamp(self) -> dict[str, float]:
        for _ in range(TO_STAMP):
            await self.posted.fetch(POST, *batch(100))
        arguments = {"ledger": 1, "holder": "bench", "epoch": self.epoch, "max_events": STAMPED}

        async def once() -> None:
            ((stamped, _),) = await call(self.posted, "stamp", **arguments)
            if stamped < STAMPED:
                raise Empty

        return {"cpu_us": await cpu_us(self.posted, once) / STAMPED}

    async def bare_stamp(self) -> dict[str, float]:
        for _ in range(TO_STAMP):
            _, keys, _, *wallets = batch(100)
            await self.bare.fetch(BARE, keys, *wallets, self.payload, bytes(32))

        async def once() -> None:
            if await self.bare.execute(BARE_STAMP, STAMPED, bytes(32)) != f"INSERT 0 {STAMPED}":
                raise Empty

        return {"cpu_us": await cpu_us(self.bare, once) / STAMPED}


class Empty(Exception):
    """The outbox has fewer events than a call takes."""


def batch(size: int) -> tuple[list[Any], ...]:
    pairs = [random.sample(range(WALLETS), 2) for _ in range(size)]
    return (
        ["transfer"] * size,
        [random.randbytes(12).hex() for _ in range(size)],
        list(range(1, size + 1)),
        [f"w{source}" for source, _ in pairs],
        [f"w{destination}" for _, destination in pairs],
        [str(random.randrange(1, 1000)) for _ in range(size)],
    )


async def cpu_us(conn: asyncpg.Connection, once: Any) -> float:
    """Return the CPU time of the connection's backend for one call, over SECONDS of calls; the
    first ten don't count."""
    pid = conn.get_server_pid()
    for _ in range(10):
        await once()
    began, before, calls = time.monotonic(), backend_us(pid), 0
    with contextlib.suppress(Empty):
        while time.monotonic() - began < SECONDS / 2:
            await once()
            calls += 1
    return (backend_us(pid) - before) / max(calls, 1)


def backend_us(pid: int) -> float:
    """Return the CPU time that the process has taken, in microseconds."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1000


@contextlib.asynccontextmanager
async def hearts(bench: Bench) -> AsyncIterator[Heart]:
    links = []
    for name in ("posted", "bare"):
        await bench.create_database(name)
        conn = await connect(bench.url_of(name))
        await migrate(conn)
        await call(conn, "create_ledger", name="main")
        await bench.fill(conn, 1)
        if name == "bare":
            await conn.execute(NO_TRIGGERS)
        await conn.execute("analyze")
        await conn.close()
        # (A new session, which has no plan that was made for the filling.)
        links.append(await connect(bench.url_of(name)))
    try:
        yield Heart(*links)
    finally:
        for link in links:
            await link.close()


async def measure(bench: Bench, rounds: Any) -> dict[str, Any]:
    async with hearts(bench) as heart:
        works = {}
        for size in SIZES:
            works[f"post, batches of {size}"] = partial(heart.post, size)
            works[f"bare rows, batches of {size}"] = partial(heart.rows, size)
        results = await rounds(works)
        heart.epoch = await lease(heart.posted, "bench")
        results |= await rounds({"stamping": heart.stamp, "bare stamping": heart.bare_stamp})
    works = {
        "zerosum.transfer, 64 SQL clients": partial(bench.direct, 64, "keyed"),
        "zerosum.transfer, 1 SQL client": partial(bench.direct, 1, "keyed"),
    }
    if PGLEDGER:
        await make_pgledger(bench)
        works["pgledger, 64 SQL clients"] = partial(pgledger, bench, 64)
        works["pgledger, 1 SQL client"] = partial(pgledger, bench, 1)
    # With a relay, as in service: without one every commit notifies nobody, and takes the cluster's
    # lock for it.
    bench.start()
    try:
        return results | await rounds(works)
    finally:
        bench.stop()


async def make_pgledger(bench: Bench) -> None:
    """Create pgledger from the files that PGLEDGER_SQL names: its own, and what it needs before
    that."""
    await bench.create_database("pgledger")
    conn = await connect(bench.url_of("pgledger"))
    await conn.execute("set search_path = public")
    for path in PGLEDGER:
        await conn.execute(await asyncio.to_thread(Path(path).read_text))
    await conn.execute(
        "insert into pgledger_accounts (id, name, currency, allow_negative_balance, allow_positive_balance,"
        " created_at, updated_at) select 'w' || i, 'w' || i, 'USD', true, true, now(), now()"
        " from generate_series(0, $1::int - 1) i",
        WALLETS,
    )
    await conn.execute("analyze")
    await conn.close()


async def pgledger(bench: Bench, clients: int) -> dict[str, float]:
    return await bench.script(
        "pgledger", clients, "pgledger", "pgledger_create_transfer('w' || :a, 'w' || :b, 1)"
    )
