"""Writers spare the NOTIFY while the relay is awake, and no wake-up is lost when it falls asleep."""

from __future__ import annotations

import asyncio
import random
import time
from typing import Literal

import asyncpg
import pytest

from app.database.connections import connect
from relay import relay as module
from tests.relay.conftest import RunRelay
from tests.support.ledger import wallets
from tests.support.receiver import Receiver
from tests.support.webhooks import subscribe

WITHIN_S = 1.0
ISOLATIONS: tuple[Literal["read_committed"], Literal["repeatable_read"]] = (
    "read_committed",
    "repeatable_read",
)

# This test is about LISTEN.
pytestmark = pytest.mark.parametrize("listening", [True], indirect=True)


@pytest.mark.slow
async def test_2000_events_at_random_times_arrive_within_a_second_without_the_poll(
    db: asyncpg.Connection,
    database_url: str,
    run_relay: RunRelay,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Bursts and silences, short transactions and some that stay open for a while, both isolation
    levels."""
    monkeypatch.setattr(module, "POLL_S", 60)
    monkeypatch.setattr(module, "LEASE_S", 600)
    await wallets(db, (f"w{n}" for n in range(8)))
    await subscribe(db, receiver.url)
    committed: dict[str, float] = {}

    async def write(n: int) -> None:
        rnd = random.Random(n)
        conn = await connect(database_url)
        for i in range(250):
            if rnd.random() < 0.1:
                await asyncio.sleep(rnd.expovariate(4))
            isolation = ISOLATIONS[rnd.randrange(2)]
            key = f"{n}-{i}"
            while key not in committed:
                try:
                    async with conn.transaction(isolation=isolation):
                        await conn.fetch(
                            "select * from zerosum.transfer(1, $1, $2, 1, $3)", *pair(n, i), key
                        )
                        if rnd.random() < 0.05:
                            await asyncio.sleep(rnd.uniform(0, 0.05))
                except (asyncpg.SerializationError, asyncpg.DeadlockDetectedError):
                    continue
                committed[key] = time.monotonic()
        await conn.close()

    await db.execute("update ledger.wallets set min_balance = null")
    arrived: dict[str, float] = {}

    async def watch() -> None:
        seen = 0
        while len(arrived) < 2000:
            for received in receiver.got[seen:]:
                arrived.setdefault(received.event["data"]["idempotency_key"], time.monotonic())
            seen = len(receiver.got)
            await asyncio.sleep(0.005)

    async with run_relay():
        await asyncio.sleep(0.5)
        watching = asyncio.create_task(watch())
        await asyncio.gather(*(write(n) for n in range(8)))
        await asyncio.wait_for(watching, 10)
    late = {key: arrived[key] - at for key, at in committed.items() if arrived[key] - at > WITHIN_S}
    assert late == {}
    assert len(arrived) == len(committed) == 2000


def pair(n: int, i: int) -> tuple[str, str]:
    """Wallets of the writer's own half of the time, shared ones otherwise."""
    return (f"w{n}", f"w{(n + 1 + i % 7) % 8}")


async def test_the_relay_says_that_it_is_awake_under_load_and_sleeps_after_it(
    db: asyncpg.Connection, run_relay: RunRelay
) -> None:
    await wallets(db, ("alice",))
    awake = (
        "select extract(epoch from clock_timestamp()) * 1000 <"
        " coalesce(pg_sequence_last_value('ledger.awake'), 0)"
    )
    async with run_relay():
        seen = False
        for _ in range(200):
            await db.fetch("select * from zerosum.credit(1, 'alice', 1)")
            seen = seen or await db.fetchval(awake)
        assert seen
        async with asyncio.timeout(5):
            while await db.fetchval(awake):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert await db.fetchval("select count(*) from ledger.outbox") == 0
