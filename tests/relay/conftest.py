from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import asyncpg
import pytest

from app.database.connections import open_pool
from app.host.supervise import running
from app.setting_values import Network
from relay import relay
from relay.webhooks.sender import WebhookSender
from tests.support.ledger import fund, wallets
from tests.support.process import ServerProcess

LOOPBACK: tuple[Network, ...] = (ipaddress.IPv4Network("127.0.0.0/8"),)
RunRelay = Callable[..., AbstractAsyncContextManager[relay.Relay]]


@pytest.fixture(params=[True, pytest.param(False, marks=pytest.mark.slow)], ids=["listen", "poll"])
def listening(request: pytest.FixtureRequest) -> bool:
    """Every test of the relay passes without LISTEN too (ZEROSUM_LISTEN=off), at the poll's
    latency."""
    return bool(request.param)


@pytest.fixture
def server(server: ServerProcess, listening: bool) -> ServerProcess:
    server.environ["ZEROSUM_LISTEN"] = "on" if listening else "off"
    return server


@pytest.fixture
async def moved(db: asyncpg.Connection) -> asyncpg.Connection:
    """A database where alice has something to move to bob."""
    await wallets(db, ("alice", "bob"))
    await fund(db, "alice", 10000)
    return db


@pytest.fixture
def run_relay(database_url: str, listening: bool) -> RunRelay:
    """A relay in this process for as long as the block runs. It may send to the loopback, unless
    told otherwise."""

    @contextlib.asynccontextmanager
    async def run(
        allow: tuple[Network, ...] = LOOPBACK,
        listen_url: str | None = database_url if listening else None,
        **rest: Any,
    ) -> AsyncIterator[relay.Relay]:
        pool = await open_pool(database_url, relay.POOL_SIZE)
        try:
            async with WebhookSender(allow) as sender:
                made = relay.Relay(pool, listen_url, sender, **rest)
                async with running(made.run):
                    yield made
        finally:
            await pool.close()

    return run
