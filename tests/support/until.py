"""Wait for a condition, where a fixed wait would be too short on a slow machine and too long on a
fast one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg

EVERY_S = 0.02


async def until(condition: Callable[[], Awaitable[object]], seconds: float = 30) -> None:
    """Return as soon as the condition holds; fail when it does not within so many seconds."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110
            await asyncio.sleep(EVERY_S)


async def until_locked_out(db: asyncpg.Connection, count: int = 1) -> None:
    """Until so many backends of this database wait for a lock."""
    waiting = (
        "select count(*) >= $1 from pg_stat_activity"
        " where wait_event_type = 'Lock' and datname = current_database()"
    )
    await until(lambda: db.fetchval(waiting, count))
