"""What several tests of the SQL core start from."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from app.database.connections import connect


@pytest.fixture
async def links(database_url: str) -> AsyncIterator[list[asyncpg.Connection]]:
    opened = [await connect(database_url) for _ in range(6)]
    yield opened
    for link in opened:
        await link.close()
