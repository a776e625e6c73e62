"""The listening connection is cut without a word: the probe notices, the log says so once, and it
recovers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from app import metrics
from relay import listener as module
from relay import relay as relay_module
from tests.relay.conftest import RunRelay
from tests.support.ledger import fund, wallets
from tests.support.proxy import Proxy
from tests.support.receiver import Receiver
from tests.support.webhooks import subscribe

# This test is about LISTEN.
pytestmark = pytest.mark.parametrize("listening", [True], indirect=True)


@pytest.fixture
async def proxy(tmp_path: Path, database_url: str) -> AsyncIterator[Proxy]:
    async with Proxy(tmp_path, database_url) as proxy:
        yield proxy


async def until_listening(value: float) -> None:
    async with asyncio.timeout(10):
        while metrics.REGISTRY.get_sample_value("zerosum_relay_listen_healthy") != value:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


@pytest.mark.slow
async def test_a_silent_cut_is_noticed_told_once_and_healed(
    db: asyncpg.Connection,
    run_relay: RunRelay,
    receiver: Receiver,
    proxy: Proxy,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for name, value in (("PROBE_EVERY_S", 0.2), ("PROBE_TIMEOUT_S", 0.3), ("RECONNECT_S", 0.1)):
        monkeypatch.setattr(module, name, value)
    monkeypatch.setattr("app.database.connections.CONNECT_TIMEOUT_S", 0.3)
    await wallets(db, ("alice",))
    await subscribe(db, receiver.url)
    caplog.set_level(logging.WARNING, "zerosum.relay")
    async with run_relay(listen_url=proxy.url):
        await until_listening(1)
        proxy.through.clear()
        await until_listening(0)
        await fund(db, "alice", 1)
        await receiver.until(1)
        await asyncio.sleep(1)
        proxy.through.set()
        await until_listening(1)
        # The poll is far away: what arrives now was notified.
        monkeypatch.setattr(relay_module, "POLL_S", 60)
        await asyncio.sleep(1.2)
        await fund(db, "alice", 1)
        await receiver.until(2)
    told = [r for r in caplog.records if "events leave by the poll" in r.getMessage()]
    assert len(told) == 1
