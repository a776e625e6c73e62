"""Requests that wait for the next event of a feed: one query, a few times a second, for all of them.

A poll needs no connection of its own, passes every pooler, and outlives a relay that hands over to
another. While nobody waits, nothing is asked.
"""

from __future__ import annotations

import asyncio
import logging

from app.database.connections import Pool, call
from app.database.errors import DATABASE_ERRORS

EVERY_S = 0.05
AWAY_S = 1.0  # between two polls while the database does not answer

log = logging.getLogger("zerosum")


class FeedWatch:
    """after() waits; close() ends all waits, when the server stops."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        # What waits, by ledger: each with the seq that it has seen.
        self.waiting: dict[int, dict[asyncio.Future[None], int]] = {}
        self.task: asyncio.Task[None] | None = None
        self.closed = False

    async def after(self, ledger: int, seq: int, seconds: float) -> None:
        """Return once the ledger's feed has an event above seq, after so many seconds at the
        latest."""
        if self.closed:
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.setdefault(ledger, {})[woken] = seq
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self.poll())
        try:
            async with asyncio.timeout(seconds):
                await woken
        except TimeoutError:
            pass
        finally:
            waiting = self.waiting[ledger]
            del waiting[woken]
            if not waiting:
                del self.waiting[ledger]

    async def poll(self) -> None:
        """Wake whoever has something to read, until nobody waits."""
        while self.waiting and not self.closed:
            try:
                rows = await call(self.pool, "feed_ends", ledgers=list(self.waiting))
            except DATABASE_ERRORS as error:
                log.warning("feeds can't be watched: %s", error)
                await asyncio.sleep(AWAY_S)
                continue
            for row in rows:
                self.wake(row["ledger_id"], row["last_seq"])
            await asyncio.sleep(EVERY_S)

    def wake(self, ledger: int, last_seq: int) -> None:
        for woken, seen in self.waiting.get(ledger, {}).items():
            if seen < last_seq and not woken.done():
                woken.set_result(None)

    def close(self) -> None:
        self.closed = True
        for waiting in self.waiting.values():
            for woken in waiting:
                if not woken.done():
                    woken.set_result(None)
