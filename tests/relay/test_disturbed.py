"""Whatever disturbs them, endpoints come to rest: each has what it selects, nothing else, nothing
is behind or pending. A seed makes each run the same but for the clock."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncpg
import pytest
from aiohttp import web

from relay import relay as relay_module
from relay.webhooks.lines import wallets_of
from relay.webhooks.policy import WebhookPolicy
from tests.relay.conftest import RunRelay
from tests.support.ledger import fund, hold, post, req, verify, wallets
from tests.support.until import until
from tests.support.webhooks import subscribe

NAMES = ("a1", "a2", "b1", "b2", "c1", "c2")
POLICY = WebhookPolicy(retries_s=(0.05,) * 1000, disable_after_s=0)
STEPS = 60
ALL = {"types": ["*"], "wallets": ["*"], "kinds": ["*"]}
SELECTIONS: list[dict[str, Any]] = [
    {},
    {"wallets": ["a*"]},
    {"wallets": ["b1", "c*"], "kinds": ["transfer"]},
    {"types": ["hold.*"]},
    {"kinds": ["credit"], "types": ["transaction.posted"]},
    {"wallets": ["nobody"]},
]
# Endpoints that are ordered all the time, where nothing is sent again on purpose.
ORDERED: list[dict[str, Any]] = [{"ordered": True}, {"ordered": True, "wallets": ["a*", "b1"]}]


class Consumers:
    """One path an endpoint; accepted: the seqs of what each answered with 204. Until calm, a
    request in three is refused, answered late, or its connection is cut."""

    def __init__(self, rng: random.Random) -> None:
        self.rng, self.calm = rng, False
        self.accepted: dict[str, list[Any]] = {}

    async def __aenter__(self) -> Consumers:
        app = web.Application()
        app.router.add_post("/{name}", self.receive)
        self.runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        host, port = self.runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.runner.cleanup()

    async def receive(self, request: web.Request) -> web.Response:
        event = await request.json()
        if not self.calm:
            fate = self.rng.random()
            if fate < 0.1:
                return web.Response(status=500)
            if fate < 0.2:
                await asyncio.sleep(fate)
            elif fate < 0.3 and request.transport is not None:
                request.transport.abort()
        self.accepted.setdefault(request.match_info["name"], []).append(event)
        return web.Response(status=204)


class Disturber:
    """What happens to a ledger, its endpoints and the relay's connections."""

    def __init__(self, db: asyncpg.Connection, url: str, endpoints: list[int], rng: random.Random):
        self.db, self.url, self.endpoints, self.rng = db, url, endpoints, rng
        self.unruly = endpoints[: len(SELECTIONS)]
        self.tasks: list[asyncio.Task[None]] = []
        self.steady = set(endpoints)  # What was selected there was selected all the time.
        self.steps: list[Callable[[], Awaitable[None]]] = [
            *[self.pay] * 6,
            self.lock,
            self.lock,
            self.cut,
            self.change,
            self.reorder,
            self.resend,
            self.replay,
            self.test,
            self.disable,
            self.pause,
            self.pause,
        ]

    async def step(self) -> None:
        await self.rng.choice(self.steps)()

    def any(self) -> int:
        return self.rng.choice(self.unruly)

    async def pay(self) -> None:
        requests = []
        for _ in range(self.rng.choice([1, 2, 30])):
            source, destination = self.rng.sample(NAMES, 2)
            make = hold if self.rng.random() < 0.2 else req
            rest = {} if make is hold else {"kind": self.rng.choice(["transfer", "transaction"])}
            requests.append(make((source, destination, 1), **rest))
        await post(self.db, *requests)

    async def lock(self) -> None:
        """Nothing can be recorded at an endpoint for a moment."""
        endpoint, seconds = self.rng.choice(self.endpoints), self.rng.uniform(0.05, 0.3)

        async def held() -> None:
            conn = await asyncpg.connect(self.url)
            async with conn.transaction():
                locked = "select from ledger.endpoints where id = $1 for update"
                await conn.execute(locked, endpoint)
                await asyncio.sleep(seconds)
            await conn.close()

        self.tasks.append(asyncio.create_task(held()))

    async def cut(self) -> None:
        """The relay loses its connections."""
        await self.db.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
            " and query ~ 'zerosum.(next_deliveries|record_deliveries|take_leases|stamp)'"
        )

    async def change(self) -> None:
        endpoint = self.any()
        self.steady.discard(endpoint)
        await self.alter(endpoint, ALL | self.rng.choice(SELECTIONS))

    async def reorder(self) -> None:
        ordered, width = self.rng.random() < 0.5, self.rng.choice([1, 2, 8])
        await self.alter(self.any(), {"ordered": ordered, "concurrency": width})

    async def alter(self, endpoint: int, changes: dict[str, Any]) -> None:
        await self.db.execute(
            "select zerosum.change_endpoint(1, $1, $2)", endpoint, json.dumps(changes)
        )

    async def resend(self) -> None:
        row = await self.db.fetchrow(
            "select endpoint_id, seq from ledger.deliveries where endpoint_id = any ($1)"
            " order by random() limit 1",
            self.unruly,
        )
        if row is not None:
            await self.db.execute("select zerosum.resend_delivery(1, $1, $2)", *row)

    async def replay(self) -> None:
        endpoint = self.any()
        self.steady.discard(endpoint)  # (What it selects now, it gets of the past too.)
        with contextlib.suppress(asyncpg.PostgresError):  # One is under way.
            await self.db.execute(
                "select zerosum.create_replay(1, $1, $2)",
                endpoint,
                json.dumps({"after_seq": 0, "types": ["*"]}),
            )

    async def test(self) -> None:
        await self.db.execute("select zerosum.test_endpoint(1, $1)", self.any())

    async def disable(self) -> None:
        endpoint = self.any()
        self.steady.discard(endpoint)
        await self.db.execute("select zerosum.disable_endpoint(1, $1, 'tried')", endpoint)
        await asyncio.sleep(self.rng.uniform(0, 0.1))
        await self.db.execute("select zerosum.enable_endpoint(1, $1)", endpoint)

    async def pause(self) -> None:
        await asyncio.sleep(self.rng.uniform(0, 0.2))


@contextlib.asynccontextmanager
async def another_relay(run_relay: RunRelay, rng: random.Random) -> AsyncIterator[None]:
    """It comes and goes, and takes the ledger's lease when it can."""

    async def come_and_go() -> None:
        while True:
            await asyncio.sleep(rng.uniform(0.2, 1))
            async with run_relay(policy=POLICY):
                await asyncio.sleep(rng.uniform(0.2, 1))

    task = asyncio.create_task(come_and_go())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def at_rest(db: asyncpg.Connection) -> bool:
    return not await db.fetchval(
        "select (select count(*) from ledger.outbox)"
        " + (select count(*) from ledger.endpoints p join ledger.feeds f using (ledger_id)"
        "    where p.sent_seq < f.last_seq)"
        " + (select count(*) from ledger.deliveries where status = 'pending')"
        " + (select count(*) from ledger.replays where finished_at is null)"
    )


SEEDS = [1, 2, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(3, 9))]


@pytest.mark.parametrize("seed", SEEDS)
async def test_endpoints_come_to_rest(
    db: asyncpg.Connection,
    database_url: str,
    run_relay: RunRelay,
    monkeypatch: pytest.MonkeyPatch,
    seed: int,
) -> None:
    # Events are bundled while they are read.
    monkeypatch.setattr(relay_module, "KEEP_EVENTS", 16)
    monkeypatch.setattr(relay_module, "QUIET_S", 0.0)
    rng = random.Random(seed)
    await wallets(db, NAMES)
    for name in NAMES:
        await fund(db, name, 10_000)
    async with Consumers(rng) as consumers:
        endpoints = []
        for number, selection in enumerate([*SELECTIONS, *ORDERED]):
            endpoint = await subscribe(db, f"{consumers.url}/{number}")
            endpoints.append(endpoint)
            await db.execute(
                "select zerosum.change_endpoint(1, $1, $2)", endpoint, json.dumps(selection)
            )
        disturber = Disturber(db, database_url, endpoints, rng)
        async with run_relay(policy=POLICY):
            async with another_relay(run_relay, rng):
                for _ in range(STEPS):
                    await disturber.step()
                await asyncio.gather(*disturber.tasks)
            consumers.calm = True
            for endpoint in endpoints:
                await db.execute("select zerosum.enable_endpoint(1, $1)", endpoint)
            await until(lambda: at_rest(db))
        await compare(db, consumers, disturber)
    assert await verify(db) == []
    if await db.fetchval("select last_seq from ledger.feeds where ledger_id = 1") > 300:
        assert await db.fetchval("select count(*) from ledger.event_bundles") > 0


async def compare(db: asyncpg.Connection, consumers: Consumers, disturber: Disturber) -> None:
    """What an endpoint accepted is what Postgres says of it; where the selection was never changed,
    that is all that it selects, and nothing else but its tests."""
    for number, endpoint in enumerate(disturber.endpoints):
        events = consumers.accepted.get(str(number), [])
        if endpoint not in disturber.unruly:
            in_order(events)
        accepted = {event["seq"] for event in events}
        rows = await db.fetch(
            "select seq, status from ledger.deliveries where endpoint_id = $1", endpoint
        )
        delivered = {row["seq"] for row in rows if row["status"] == "delivered"}
        assert delivered <= accepted
        if endpoint in disturber.steady:
            selected, about = await selected_by(db, endpoint)
            assert selected <= delivered <= selected | about, endpoint


def in_order(events: list[Any]) -> None:
    """Each wallet's events came in order; one may come again later."""
    seen: dict[str, list[int]] = {name: [] for name in NAMES}
    for event in events:
        for name in wallets_of(event["type"], json.dumps(event)) & seen.keys():
            if event["seq"] not in seen[name]:
                seen[name].append(event["seq"])
    assert any(seen.values())
    assert all(seqs == sorted(seqs) for seqs in seen.values()), seen


async def selected_by(db: asyncpg.Connection, endpoint: int) -> tuple[set[int], set[int]]:
    """Return the seqs of all events that it selects, and of those that test this endpoint."""
    rows = await db.fetch(
        "select v.seq, v.type = 'endpoint.test' as test from ledger.endpoints p, ledger.feeds f,"
        " zerosum.feed(1, 0, f.last_seq) v where p.id = $1"
        " and case v.type when 'endpoint.test' then v.body::json -> 'data' ->> 'id' = p.id::text"
        "  else zerosum.event_matches(v.type, v.body, p.types, p.wallets, p.kinds) end",
        endpoint,
    )
    return {row["seq"] for row in rows if not row["test"]}, {
        row["seq"] for row in rows if row["test"]
    }
