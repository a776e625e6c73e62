"""What is slow to start is started once for all tests of sinks."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import asyncpg
import pytest

from app.sink_url import parse_sink_url
from relay.sinks import kafka as kafka_module
from relay.sinks import sink as sink_module
from tests.relay.conftest import listening as listening
from tests.relay.conftest import run_relay as run_relay
from tests.sinks.kafka import KafkaBroker
from tests.sinks.sqs import SqsServer
from tests.support.ledger import fund, wallets

TAGS = itertools.count(1)
MakeSink = Callable[..., Awaitable[int]]


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    broker = KafkaBroker(tmp_path_factory.mktemp("kafka"))
    yield broker
    broker.end()


@pytest.fixture
def kafka(broker: KafkaBroker) -> KafkaBroker:
    """The broker, started again if a test has left it dead."""
    if not broker.runs():
        broker.start()
    return broker


@pytest.fixture(scope="session")
def sqs() -> Iterator[SqsServer]:
    with SqsServer() as server:
        yield server


@pytest.fixture
def tag() -> str:
    """A part of the names of topics and queues: the brokers are shared."""
    return str(next(TAGS))


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sink_module, "FIRST_RETRY_S", 0.1)
    monkeypatch.setattr(sink_module, "MAX_RETRY_S", 0.5)
    monkeypatch.setattr(kafka_module, "TIMEOUT_S", 3)


@pytest.fixture
async def paying(db: asyncpg.Connection) -> asyncpg.Connection:
    """A ledger where alice, bob and carol have much; there are three events."""
    await wallets(db, ("alice", "bob", "carol"))
    for name in ("alice", "bob", "carol"):
        await fund(db, name, 1_000_000)
    return db


@pytest.fixture
def make_sink(db: asyncpg.Connection) -> MakeSink:
    async def make(url: str, start: str = "beginning") -> int:
        sink = parse_sink_url(url)
        body = await db.fetchval(
            "select body from zerosum.create_sink(1, $1, $2, $3, $4)",
            sink.name,
            url,
            list(sink.types),
            start,
        )
        return int(json.loads(body)["id"])

    return make


async def pay(db: asyncpg.Connection, count: int, start: int = 0) -> None:
    names = ("alice", "bob", "carol")
    for n in range(start, start + count):
        source, destination = names[n % 3], names[(n + 1) % 3]
        await db.execute("select zerosum.transfer(1, $1, $2, 1)", source, destination)


async def bodies(db: asyncpg.Connection) -> dict[str, bytes]:
    """Return id and body of every event."""
    rows = await db.fetch("select id, body from ledger.events where ledger_id = 1 order by seq")
    return {str(row["id"]): row["body"].encode() for row in rows}


async def state(db: asyncpg.Connection, sink: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        await db.fetchval("select body from zerosum.list_sinks(1, 0, 1, $1)", sink)
    )
    return found


async def until(
    db: asyncpg.Connection, sink: int, seconds: float = 30, **wanted: Any
) -> dict[str, Any]:
    """Wait until the sink's state is as wanted. error: a part of its error."""
    found: dict[str, Any] = {}
    try:
        async with asyncio.timeout(seconds):
            while True:
                found = await state(db, sink)
                if all(fits(found[name], value) for name, value in wanted.items()):
                    return found
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(found) from None


def fits(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, str) and isinstance(found, str):
        return wanted in found
    return bool(found == wanted)
