"""An ordered endpoint gets each wallet's events in order, whatever fails, and a head that fails
holds its line for a bounded time only."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest
from aiohttp import web

from relay.webhooks.lines import Lines, wallets_of
from relay.webhooks.policy import WebhookPolicy
from tests.relay.conftest import RunRelay
from tests.support.ledger import codes, fund, req, verify, wallets
from tests.support.until import until
from tests.support.webhooks import settled, subscribe

SOON = (0.05,) * 200
NAMES = ("a", "b", "c", "d", "e", "f")


class Consumer:
    """Answers as `answer` says for an event's data, while `open` is set; keeps what it has
    accepted."""

    def __init__(self, answer: Callable[[Any], int], slow_s: float = 0.0) -> None:
        self.answer, self.slow_s = answer, slow_s
        self.accepted: list[Any] = []
        self.tried: list[Any] = []
        self.now = self.most = 0
        self.open = asyncio.Event()
        self.open.set()

    async def __aenter__(self) -> Consumer:
        app = web.Application()
        app.router.add_post("/", self.receive)
        self.runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", 0)
        await site.start()
        host, port = self.runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.runner.cleanup()

    async def receive(self, request: web.Request) -> web.Response:
        data = (await request.json())["data"]
        self.tried.append(data)
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(self.slow_s * random.random())
        await self.open.wait()
        self.now -= 1
        status = self.answer(data)
        if status < 300:
            self.accepted.append(data)
        return web.Response(status=status)

    def ids(self) -> list[int]:
        return [data["id"] for data in self.accepted]

    def of(self, wallet: str) -> list[int]:
        """The versions of the wallet that were accepted, in the order of their arrival."""
        return [
            entry["version"]
            for data in self.accepted
            for entry in data["entries"]
            if entry["wallet"] == wallet
        ]


@pytest.fixture
async def peopled(db: asyncpg.Connection) -> asyncpg.Connection:
    await wallets(db, NAMES)
    for name in NAMES:
        await fund(db, name, 10000)
    return db


async def ordered(db: asyncpg.Connection, url: str, **more: Any) -> int:
    """An ordered endpoint for transfers."""
    endpoint = await subscribe(db, url, ("transaction.*",))
    changes = {"ordered": True, "kinds": ["transfer"], **more}
    await db.execute("select zerosum.change_endpoint(1, $1, $2)", endpoint, json.dumps(changes))
    return endpoint


async def move(db: asyncpg.Connection, source: str, destination: str, amount: int = 1) -> None:
    asked = req((source, destination, amount), kind="transfer")
    assert await codes(db, asked) == ["posted"]


@pytest.mark.slow
async def test_each_wallets_events_arrive_in_order_whatever_fails(
    peopled: asyncpg.Connection, run_relay: RunRelay
) -> None:
    """Every third answer fails at random, answers take their time, and the relay is restarted."""
    rnd = random.Random(7)
    seen = 0

    def answer(_: Any) -> int:
        nonlocal seen
        seen += 1
        return 500 if rnd.random() < 0.15 else 204

    async with Consumer(answer, 0.01) as consumer:
        await ordered(peopled, consumer.url, concurrency=8)
        for n in range(36):
            source, destination = rnd.sample(NAMES, 2)
            await move(peopled, source, destination)
            if n % 12 == 6:
                async with run_relay(policy=WebhookPolicy(SOON)):
                    await asyncio.sleep(0.3)
        async with run_relay(policy=WebhookPolicy(SOON)):
            await until(lambda: are_settled(peopled, 36), 60)
    assert len(set(consumer.ids())) == 36
    for name in NAMES:
        versions = list(dict.fromkeys(consumer.of(name)))
        assert versions == sorted(versions), name
    assert consumer.most > 1
    assert await verify(peopled) == []


async def test_a_head_that_fails_holds_its_wallets_and_no_others(
    peopled: asyncpg.Connection, run_relay: RunRelay
) -> None:
    mended = False

    def answer(data: Any) -> int:
        return 500 if data["postings"][0]["amount"] == 13 and not mended else 204

    async with Consumer(answer) as consumer:
        await ordered(peopled, consumer.url)
        await move(peopled, "a", "b", 13)
        for _ in range(5):
            await move(peopled, "b", "c", 1)  # Behind the head, by b.
        for _ in range(5):
            await move(peopled, "d", "e", 2)
        async with run_relay(policy=WebhookPolicy(SOON)):
            await until(lambda: has(consumer, 5))
            await asyncio.sleep(0.3)
            assert {data["postings"][0]["amount"] for data in consumer.accepted} == {2}
        # Another relay knows it too, and so does one that begins while the head waits long.
        async with run_relay(policy=WebhookPolicy((60,) * 9)):
            await asyncio.sleep(0.5)
            assert len(consumer.accepted) == 5
        await peopled.execute(
            "update ledger.deliveries set due_at = now() where status = 'pending'"
        )
        mended = True
        async with run_relay(policy=WebhookPolicy(SOON)):
            await settled(peopled, 11)
    amounts = [data["postings"][0]["amount"] for data in consumer.accepted]
    assert amounts[5:] == [13, 1, 1, 1, 1, 1]
    assert consumer.of("b") == sorted(consumer.of("b"))


async def are_settled(db: asyncpg.Connection, count: int) -> bool:
    told = "select count(*) from ledger.deliveries where status = 'delivered'"
    return int(await db.fetchval(told)) >= count


async def has(consumer: Consumer, count: int) -> bool:
    return len(consumer.accepted) >= count


@pytest.mark.slow
async def test_the_time_is_bounded(peopled: asyncpg.Connection, run_relay: RunRelay) -> None:
    def answer(data: Any) -> int:
        return 500 if data["postings"][0]["amount"] == 13 else 204

    async with Consumer(answer) as consumer:
        await ordered(peopled, consumer.url)
        await move(peopled, "a", "b", 13)
        await move(peopled, "a", "b", 1)
        async with run_relay(policy=WebhookPolicy(SOON, hold_s=1.0)):
            await asyncio.sleep(0.5)
            assert consumer.accepted == []
            await until(lambda: has(consumer, 1))
            # The head is retried beside the others.
            tried = len(consumer.tried)
            await until(lambda: is_tried(consumer, tried + 3))
            await move(peopled, "a", "b", 2)
            await until(lambda: has(consumer, 2))
    assert [data["postings"][0]["amount"] for data in consumer.accepted] == [1, 2]


async def is_tried(consumer: Consumer, count: int) -> bool:
    return len(consumer.tried) >= count


@pytest.mark.slow
async def test_the_head_is_retried_however_many_wait_behind_it(
    peopled: asyncpg.Connection, run_relay: RunRelay
) -> None:
    """600 events stand behind a head that fails five times."""
    failures = 0

    def answer(data: Any) -> int:
        nonlocal failures
        if data["postings"][0]["amount"] == 13 and failures < 5:
            failures += 1
            return 503
        return 204

    async with Consumer(answer) as consumer:
        await ordered(peopled, consumer.url)
        await move(peopled, "a", "b", 13)
        for _ in range(6):
            asked = [req(("a", "b", 1), kind="transfer") for _ in range(100)]
            assert set(await codes(peopled, *asked)) == {"posted"}
        async with run_relay(policy=WebhookPolicy((0.2,) * 20)):
            await settled(peopled, 601)
    assert failures == 5
    assert consumer.ids() == sorted(consumer.ids())
    assert len(consumer.ids()) == 601
    assert await verify(peopled) == []


async def test_order_that_begins_before_a_retry_is_recorded_waits_for_that(
    peopled: asyncpg.Connection, run_relay: RunRelay, database_url: str
) -> None:
    """Else the retry, which Postgres calls pending, would hold its wallets though it has arrived."""
    consumer = Consumer(lambda _: 500 if len(consumer.tried) == 1 else 204)

    async def is_retried() -> bool:
        if consumer.tried:
            consumer.open.clear()
        return len(consumer.tried) == 2

    async with consumer:
        endpoint = await ordered(peopled, consumer.url, ordered=False)
        await move(peopled, "a", "b")
        async with run_relay(policy=WebhookPolicy((0.3,) * 9)):
            await until(is_retried)
            change = "select zerosum.change_endpoint(1, $1, '{\"ordered\": true}')"
            other = await asyncpg.connect(database_url)
            await peopled.execute(change, endpoint)
            async with other.transaction():
                await other.execute("select from ledger.endpoints for update")
                consumer.open.set()
                await move(peopled, "b", "c")
                await asyncio.sleep(2)  # The relay polls, and sees that order begins.
            await other.close()
            await until(lambda: are_settled(peopled, 2), 10)


async def test_without_order_nothing_is_held(
    peopled: asyncpg.Connection, run_relay: RunRelay
) -> None:
    def answer(data: Any) -> int:
        return 500 if data["postings"][0]["amount"] == 13 else 204

    async with Consumer(answer) as consumer:
        endpoint = await ordered(peopled, consumer.url)
        await move(peopled, "a", "b", 13)
        await move(peopled, "a", "b", 1)
        async with run_relay(policy=WebhookPolicy((60,) * 9)):
            await asyncio.sleep(0.3)
            assert consumer.accepted == []
            await peopled.execute(
                "select zerosum.change_endpoint(1, $1, '{\"ordered\": false}')", endpoint
            )
            await until(lambda: has(consumer, 1))


def test_lines() -> None:
    lines = Lines(10)
    ab, b, c = frozenset("ab"), frozenset("b"), frozenset("c")
    for seq, names in ((1, ab), (2, b), (3, c), (4, frozenset())):
        lines.add(seq, names)
    assert [seq for seq in (1, 2, 3, 4) if lines.is_first(seq)] == [1, 3, 4]
    lines.fail(1, at=100)
    lines.forget([1, 2, 3])  # The one that has failed goes on holding its lines.
    lines.add(2, b)
    assert not lines.is_first(2)
    lines.release(109)
    assert not lines.is_first(2)
    lines.release(110)
    assert lines.is_first(2)
    lines.add(1, ab)  # It is due again, and stands in no line.
    assert lines.is_first(1)
    assert lines.is_first(2)
    lines.settle(1)
    lines.settle(2)
    assert (lines.lines, lines.let_go) == ({}, set())


def test_the_outside_orders_nothing() -> None:
    body = '{"data":{"id":7,"postings":[{"source":"@world_USD","destination":"a","amount":1}]}}'
    assert wallets_of("transaction.posted", body) == {"a"}
    assert wallets_of("wallet.frozen", '{"data":{"id":"a"}}') == {"a"}
    assert wallets_of("endpoint.changed", '{"data":{"id":1,"url":"x"}}') == frozenset()
    assert wallets_of("ledger.checkpoint", '{"data":{"size":1}}') == frozenset()
