"""A ledger of many transactions: what a transfer, a read, a backup cost there, and how large it is.

`python -m bench.size FOLDER TRANSACTIONS…` grows one ledger in steps, such as 1000000 10000000
50000000, and prints the figures of each step. It goes on with a folder that an earlier run left. It
takes 900 bytes of disk a transaction, and more than an hour for 50,000,000 on two cores. The rows
are what the verbs write, but they are made by statements of STEP transactions, with triggers off;
`zerosum.verify` says afterwards that they are right.
"""

from __future__ import annotations

import asyncio
import json
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from app.database.connections import call
from app.host.embedded import EmbeddedPostgres, start_embedded
from bench import delivery
from bench.harness import KEY, Bench
from tests.support.ledger import lease

STEP = 100_000
WALLETS = 100_000
AHEAD = 4  # steps that wait for their events
READS = 400
RESTORED = 10_000_000  # transactions of the largest ledger that is restored and verified whole
BUNDLES, KEEP = 400, 4096
SETTINGS = {
    "shared_buffers": "2GB",
    "max_wal_size": "4GB",
    "maintenance_work_mem": "512MB",
    "work_mem": "64MB",
    "checkpoint_timeout": "15min",
}
TABLES = "transactions", "entries", "wallets", "events", "event_bundles", "outbox", "tiles"
CREATE = """
create schema size;
create function size.moved(step bigint, first bigint, count int) returns void language plpgsql as $$
declare
    began constant timestamptz := '2020-01-01Z';
begin
    execute format('create unlogged table size.step_%s as
        with drawn as materialized (
            select $1 + n as id, $3 + ($1 + n) / 32 * interval ''1 ms'' as at, gen_random_uuid()::text as key,
                s, (s + 1 + (random() * ($4 - 2))::int) %% $4 as d, 1 + (random() * 999)::int as amount
            from (select n, (random() * ($4 - 1))::int as s from generate_series(0, $2 - 1) n) x
        ), legs as (
            select id, s as w, -amount as amount from drawn union all select id, d, amount from drawn
        ), summed as materialized (
            select l.id, l.amount, w.id as wallet,
                w.posted + sum(l.amount) over (partition by l.w order by l.id) as balance,
                w.version + row_number() over (partition by l.w order by l.id) as version
            from legs l join ledger.wallets w on w.ledger_id = 1 and w.id = ''w'' || l.w
        )
        select d.id, d.at, d.key, d.amount::numeric, o.wallet::text as source, o.balance as s_balance,
            o.version as s_version, i.wallet::text as destination, i.balance as d_balance,
            i.version as d_version
        from drawn d join summed o on o.id = d.id and o.amount < 0
        join summed i on i.id = d.id and i.amount > 0', step)
    using first, count, began, (select count(*)::int from ledger.wallets where id ~ '^w');
    execute format('insert into ledger.transactions (ledger_id, id, effective_at, recorded_at, kind, key,
            fingerprint)
        select 1, id, at, at, ''transfer'', key, sha256(key::bytea) from size.step_%s order by id', step);
    execute format('insert into ledger.entries (ledger_id, version, transaction_id, recorded_at, posting,
            wallet_id, asset, amount, balance)
        select 1, v.version, c.id, c.at, 1, v.wallet, ''USD'', v.amount, v.balance
        from size.step_%s c, lateral (values (c.source, c.s_version, -c.amount, c.s_balance),
            (c.destination, c.d_version, c.amount, c.d_balance)) v (wallet, version, amount, balance)
        order by c.id', step);
    execute format('update ledger.wallets w set version = v.version, posted = v.balance, recorded_at = v.at
        from (select distinct on (wallet) * from (
            select source as wallet, s_version as version, s_balance as balance, at from size.step_%1$s
            union all
            select destination, d_version, d_balance, at from size.step_%1$s) x
            order by wallet, version desc) v
        where w.ledger_id = 1 and w.id = v.wallet', step);
end $$;
create function size.told(step bigint) returns void language plpgsql as $$
declare
    last bigint := (select last_seq from ledger.feeds where ledger_id = 1);
    count bigint;
begin
    execute format('insert into ledger.events (ledger_id, seq, transaction_id, recorded_at, id, type, leaf, body)
        select 1, seq, id, at, event, ''transaction.posted'', sha256(E''\\\\x00'' || convert_to(body, ''UTF8'')), body
        from (
            select c.*, concat(''{"id":"'', event, ''","type":"transaction.posted","seq":'', seq,
                '',"ledger":"main","timestamp":'', time, '',"data":'', zerosum.transaction_json(id, ''transfer'',
                    zerosum.posting_json(source, destination, amount, ''USD''),
                    concat(zerosum.entry_json(source, -amount, s_balance, s_version), '','',
                        zerosum.entry_json(destination, amount, d_balance, d_version)),
                    null, null, ''{}'', time, time, key, null), ''}'') as body
            from (select c.*, gen_random_uuid() as event, zerosum.time_json(at) as time,
                $1 + row_number() over (order by id) as seq from size.step_%s c) c
        ) c order by seq', step) using last;
    get diagnostics count = row_count;
    update ledger.feeds set last_seq = last + count where ledger_id = 1;
    perform zerosum.fill_tiles(1, last + count);
    execute format('drop table size.step_%s', step);
end $$;
"""


class Size:
    def __init__(self, postgres: EmbeddedPostgres) -> None:
        self.postgres = postgres
        self.bench = Bench(postgres, "size")
        self.count = 0
        self.steps = 0

    async def create(self) -> None:
        """Create the database and its wallets; nothing serves it."""
        await self.bench.create()
        self.bench.stop()
        async with self.bench.database() as conn:
            await conn.execute(CREATE)
            await conn.execute(
                "insert into ledger.wallets (ledger_id, id, asset, min_balance) select 1, 'w' || g,"
                " 'USD', null from generate_series(0, $1::int - 1) g on conflict do nothing",
                WALLETS,
            )
            await conn.execute("vacuum (analyze)")

    async def go_on(self) -> None:
        """Take up what an earlier run left, which may have been killed."""
        async with self.bench.database() as conn:
            for row in await conn.fetch(
                "select substring(relname from '\\d+')::int as step from pg_class"
                " where relnamespace = 'size'::regnamespace and relkind = 'r' order by 1"
            ):
                await conn.execute("select size.told($1)", row["step"], timeout=3600)
            self.count = await conn.fetchval(
                "select last_seq from ledger.feeds where ledger_id = 1"
            )

    async def grow(self, count: int) -> float:
        """Let the ledger have so many transactions. Returns for how many seconds it grew."""
        began = time.monotonic()
        await self.triggers("disable trigger user")
        moved: asyncio.Queue[int | None] = asyncio.Queue(AHEAD)
        async with asyncio.TaskGroup() as group:
            group.create_task(self.move(count, moved))
            group.create_task(self.tell(moved))
        await self.triggers("enable always trigger user")
        return time.monotonic() - began

    async def triggers(self, change: str) -> None:
        async with self.bench.database() as conn:
            for row in await conn.fetch(
                "select tgname, relname from pg_trigger join pg_class c on c.oid = tgrelid where"
                " relnamespace = 'ledger'::regnamespace and not tgisinternal"
            ):
                one = change.replace("user", row["tgname"])
                await conn.execute(f"alter table ledger.{row['relname']} {one}")

    async def move(self, count: int, moved: asyncio.Queue[int | None]) -> None:
        async with self.bench.database() as conn:
            while self.count < count:
                step, size = self.steps, min(STEP, count - self.count)
                first = await conn.fetchval(
                    "select setval('ledger.transaction_id', nextval('ledger.transaction_id') + $1)"
                    " - $1",
                    size - 1,
                )
                await conn.execute("select size.moved($1, $2, $3)", step, first, size, timeout=3600)
                self.steps, self.count = self.steps + 1, self.count + size
                await moved.put(step)
        await moved.put(None)

    async def tell(self, moved: asyncio.Queue[int | None]) -> None:
        async with self.bench.database() as conn:
            while (step := await moved.get()) is not None:
                epoch = await lease(conn, "size", 3600)
                await conn.execute("select size.told($1)", step, timeout=3600)
                while await conn.fetchval(
                    "select zerosum.bundle_events(1, 'size', $1, $2, $3)", epoch, KEEP, BUNDLES
                ):
                    pass
                if step % 10 == 9:
                    print(f"{self.count:,} moved", file=sys.stderr, flush=True)
            await conn.execute("select zerosum.release_leases('size')")

    async def verified(self, conn: asyncpg.Connection) -> None:
        faults = await call(conn, "verify", ledger=1)
        assert faults == [], faults[:5]

    async def measure(self, young: Bench) -> dict[str, dict[str, float]]:
        """Return the figures of the ledger as it is, by what was measured."""
        found: dict[str, dict[str, float]] = {}
        async with self.bench.database() as conn:
            found["vacuum (analyze), s"] = {"took": await took(conn.execute("vacuum (analyze)"))}
            found["checkpoint, s"] = {"took": await took(conn.execute("checkpoint"))}
            found |= await sizes(conn, self.count)
        self.bench.start("--no-relay")
        try:
            for name, work in (
                ("before", young),
                ("now", self.bench),
                ("before 2", young),
                ("now 2", self.bench),
            ):
                found[f"transfers, {name}"] = await work.transfers(64, "uniform")
            found |= await self.reads()
            # Let a relay give events to what was posted: verify_since() begins with the oldest
            # transaction that has none.
            self.bench.stop()
            self.bench.start()
            await delivery.drained(self.bench)
        finally:
            self.bench.stop()
        async with self.bench.database() as conn:
            size = await conn.fetchval("select last_seq from ledger.feeds where ledger_id = 1")
            found["verify --since, 100,000 events"] = {
                "s": await took(call(conn, "verify_since", ledger=1, since=max(0, size - 100_000)))
            }
        return found

    async def reads(self) -> dict[str, dict[str, float]]:
        """Read over HTTP, one request after the other."""
        async with self.bench.database() as conn:
            first, last = await conn.fetchrow(
                "select min(id), max(id) from ledger.transactions where kind = 'transfer'"
            )

        def wallet() -> str:
            return f"w{random.randrange(WALLETS)}"

        def id_() -> int:
            return random.randint(first, last)

        kinds: dict[str, Callable[[], str]] = {
            "a wallet": lambda: f"wallets/{wallet()}",
            "a transaction": lambda: f"transactions/{id_()}",
            "transactions, newest 100": lambda: "transactions?limit=100",
            "transactions, 100 from anywhere": lambda: f"transactions?limit=100&after={id_()}",
            "transactions of a wallet": lambda: f"transactions?wallet={wallet()}&limit=100",
            "entries of a wallet": lambda: f"wallets/{wallet()}/entries?limit=100",
            "100 events": lambda: f"events?limit=100&after={random.randrange(self.count - 200)}",
            "an inclusion proof": lambda: f"proof/inclusion?seq={random.randint(1, self.count)}",
            "the trial balance": lambda: "proof",
        }
        found = {}
        headers = {"Authorization": f"Bearer {KEY}"}
        async with httpx.AsyncClient(
            base_url=self.bench.base, headers=headers, timeout=300
        ) as http:
            for name, path in kinds.items():
                times = []
                for _ in range(READS if name != "the trial balance" else 5):
                    began = time.perf_counter()
                    answer = await http.get(f"/v1/{path()}")
                    if answer.status_code != 404:  # (Ids have gaps where a run was killed.)
                        answer.raise_for_status()
                    times.append(1000 * (time.perf_counter() - began))
                cuts = statistics.quantiles(times, n=100)
                found[name] = {"p50_ms": cuts[49], "p99_ms": cuts[98]}
        return found


async def took(work: Awaitable[Any]) -> float:
    """Return for how many seconds this ran."""
    began = time.monotonic()
    await work
    return time.monotonic() - began


async def sizes(conn: asyncpg.Connection, count: int) -> dict[str, dict[str, float]]:
    """Return the bytes a transaction takes on disk, by table: rows and indexes."""
    rows = await conn.fetch(
        "select relname, pg_table_size(oid) as rows, pg_indexes_size(oid) as indexes from pg_class"
        " where relnamespace = 'ledger'::regnamespace and relname = any ($1)",
        list(TABLES),
    )
    found = {
        f"bytes, {row['relname']}": {
            "rows": row["rows"] / count,
            "indexes": row["indexes"] / count,
        }
        for row in rows
    }
    whole = sum(sum(one.values()) for one in found.values())
    events = sum(sum(found[f"bytes, {name}"].values()) for name in ("events", "event_bundles"))
    return {"bytes": {"with its event": whole, "purged": whole - events}} | found


def dumped(postgres: EmbeddedPostgres, bench: Bench, room: Path) -> dict[str, float]:
    """Return how long a dump takes and how large it is."""
    began = time.monotonic()
    file = room / "dump"
    command = [postgres.bin_dir / "pg_dump", "-Fc", "-Z1", "-d", bench.url, "-f", file]
    subprocess.run(command, check=True)
    mib = file.stat().st_size / 2**20
    return {"s": time.monotonic() - began, "mib": mib}


def restored(postgres: EmbeddedPostgres, bench: Bench, room: Path) -> dict[str, float]:
    """Return how long a restore takes on two connections, indexes too. The dump is gone then."""
    began = time.monotonic()
    url = bench.url_of("restored")
    command = [postgres.bin_dir / "pg_restore", "-j2", "-d", url, room / "dump"]
    subprocess.run(command, check=True)
    (room / "dump").unlink()
    return {"s": time.monotonic() - began}


async def run(room: Path, counts: list[int]) -> None:
    known = (room / "data").exists()
    postgres = start_embedded(room / "data")
    try:
        conn = await asyncpg.connect(postgres.url)
        for name, value in SETTINGS.items():
            await conn.execute(f"alter system set {name} = '{value}'")
        await conn.close()
        postgres.run(
            "pg_ctl",
            "restart",
            "-D",
            postgres.data_dir,
            "-w",
            "-l",
            postgres.data_dir / "log",
            "-o",
            f"-h '' -k '{postgres.socket_dir}'",
        )
        size, young = Size(postgres), Bench(postgres, "young")
        if known:
            await size.go_on()
        else:
            await young.create()
            young.stop()
            await size.create()
        for count in counts:
            grown = await size.grow(count)
            young.start("--no-relay")
            found = {"grown": {"s": grown}} | await size.measure(young)
            young.stop()
            tell(count, found)
            tell(count, {"pg_dump": await asyncio.to_thread(dumped, postgres, size.bench, room)})
            if count <= RESTORED:
                await size.bench.create_database("restored")
                told = await asyncio.to_thread(restored, postgres, size.bench, room)
                tell(count, {"pg_restore": told})
                async with size.bench.database() as conn:
                    await conn.execute("drop database restored")
                    tell(count, {"verify": {"s": await took(size.verified(conn))}})
            else:
                (room / "dump").unlink()
    finally:
        postgres.stop()


def tell(count: int, found: dict[str, dict[str, float]]) -> None:
    for name, figures in found.items():
        print(
            json.dumps(
                {
                    "transactions": count,
                    "what": name,
                    **{k: round(v, 2) for k, v in figures.items()},
                }
            ),
            flush=True,
        )


def main() -> None:
    room = Path(sys.argv[1])
    asyncio.run(run(room, [int(count) for count in sys.argv[2:]]))


if __name__ == "__main__":
    main()
