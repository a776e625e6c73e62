"""LISTEN on a connection of its own: a hint that there is something to do. The poll finds what it
misses.

A pooler may swallow a LISTEN; a replica or a half-open connection may never deliver. So the
listener is probed now and then, and says once when notifications don't arrive.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable

import asyncpg

from app import metrics
from app.database.connections import Pool, call, connect_anyhow
from app.database.errors import DATABASE_ERRORS

CHANNEL = "zerosum_outbox"
PROBE_CHANNEL = "zerosum_probe"
RECONNECT_S = 1.0
PROBE_EVERY_S, PROBE_TIMEOUT_S = 15.0, 5.0

log = logging.getLogger("zerosum.relay")


class Listener:
    """run() listens for ever: it calls wake() at each notification, and once after each connect."""

    def __init__(self, url: str, pool: Pool, wake: Callable[[], None]) -> None:
        self.url, self.pool, self.wake = url, pool, wake
        self.warned = False
        self.probed = asyncio.Event()

    async def run(self) -> None:
        while True:
            conn: asyncpg.Connection | None = None
            try:
                conn = await connect_anyhow(self.url)
                await conn.add_listener(CHANNEL, lambda *_: self.wake())
                await conn.add_listener(PROBE_CHANNEL, lambda *_: self.probed.set())
                self.wake()
                closed = asyncio.Event()
                conn.add_termination_listener(lambda _, closed=closed: closed.set())
                while await self.probe() and not closed.is_set():
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(PROBE_EVERY_S):
                            await closed.wait()
            except DATABASE_ERRORS as error:
                self.say(f"the listening connection is lost ({error})")
            finally:
                metrics.LISTENING.set(0)
                if conn is not None:
                    with contextlib.suppress(Exception):
                        conn.terminate()
            await asyncio.sleep(RECONNECT_S)

    async def probe(self) -> bool:
        """Return whether a notification from another connection arrives."""
        self.probed.clear()
        try:
            async with asyncio.timeout(PROBE_TIMEOUT_S):
                await call(self.pool, "probe_listener")
                await self.probed.wait()
        except TimeoutError:
            self.say("notifications don't arrive (is a pooler between? set DATABASE_DIRECT_URL)")
            return False
        self.warned = False
        metrics.LISTENING.set(1)
        return True

    def say(self, what: str) -> None:
        """Log a failure once, until the listener is well again."""
        if not self.warned:
            log.warning("%s; events leave by the poll meanwhile", what)
            self.warned = True
