"""The poll alone is enough: with LISTEN off nothing listens, and events arrive within a poll or
two."""

from __future__ import annotations

import time

import asyncpg
import pytest

from relay.relay import POLL_S
from tests.relay.conftest import RunRelay
from tests.support.ledger import fund, wallets
from tests.support.receiver import Receiver
from tests.support.webhooks import subscribe

LISTENERS = (
    "select count(*) from pg_stat_activity"
    " where datname = current_database() and query ilike 'listen %'"
)


@pytest.mark.parametrize("listening", [False], indirect=True)
async def test_events_arrive_by_the_poll(
    db: asyncpg.Connection, run_relay: RunRelay, receiver: Receiver
) -> None:
    await wallets(db, ("alice",))
    await subscribe(db, receiver.url)
    async with run_relay():
        for n in range(1, 4):
            began = time.monotonic()
            await fund(db, "alice", 1)
            await receiver.until(n)
            assert time.monotonic() - began < 3 * POLL_S
        assert await db.fetchval(LISTENERS) == 0
