"""A server as a process, for those who need no more than one wallet."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.process import ServerProcess


@pytest.fixture
async def started(tmp_path: Path, database_url: str) -> AsyncIterator[ServerProcess]:
    """A server that is up and has a wallet, which no events tell of."""
    server = ServerProcess(tmp_path, database_url)
    await server.start()
    async with server.client() as client:
        made = await client.post("/v1/wallets", json={"id": "alice", "asset": "USD"})
        assert made.status_code == 201
    yield server
    if server.process is not None and server.process.returncode is None:
        await server.end()
