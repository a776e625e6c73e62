from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import pytest

from app.db import open_pool
from app.running import running
from app.settings import Network
from relay import relay
from relay.webhook import WebhookSender

LOOPBACK: tuple[Network, ...] = (ipaddress.IPv4Network("127.0.0.0/8"),)
RunRelay = Callable[..., AbstractAsyncContextManager[relay.Relay]]


@pytest.fixture
def run_relay(database_url: str) -> RunRelay:
    """A relay in this process for as long as the block runs; it may send to the loopback unless told."""

    @contextlib.asynccontextmanager
    async def run(
        allow: tuple[Network, ...] = LOOPBACK, listen_url: str = database_url
    ) -> AsyncIterator[relay.Relay]:
        pool = await open_pool(database_url, relay.POOL_SIZE)
        async with WebhookSender(allow) as sender:
            made = relay.Relay(pool, listen_url, sender)
            async with running(made.run):
                yield made
        await pool.close()

    return run
