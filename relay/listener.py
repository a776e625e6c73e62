"""LISTEN on a connection of its own: a hint that there is something to do. The poll heals what it misses."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable

import asyncpg

from app.db import DATABASE_ERRORS, connect

CHANNEL = "zerosum_outbox"
RECONNECT_S = 1

log = logging.getLogger("zerosum.relay")


async def listen(url: str, wake: Callable[[], None]) -> None:
    """Call wake() at each notification, and once after each connect; reconnect for ever."""
    while True:
        conn: asyncpg.Connection | None = None
        try:
            conn = await connect(url)
            closed = asyncio.Event()
            conn.add_termination_listener(lambda _, closed=closed: closed.set())
            await conn.add_listener(CHANNEL, lambda *_: wake())
            wake()
            await closed.wait()
            log.warning("the listening connection is lost; reconnecting")
        except DATABASE_ERRORS as error:
            log.warning("can't listen: %s", error)
        finally:
            if conn is not None:
                with contextlib.suppress(Exception):
                    conn.terminate()
        await asyncio.sleep(RECONNECT_S)
