"""Standbys that answer reads.

A standby lags behind its primary, by milliseconds or by hours. So the primary's position in the
write-ahead log is noted twice a second, and a standby's lag is the age of the oldest position that
it has not reached. One that lags too far, is away, or is no standby any more is left out. A client
that must see what it wrote names a position: a standby answers once it is there, or the primary
does.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from app import metrics
from app.database.connections import Pool, call, is_pooled, open_pool
from app.database.errors import DATABASE_ERRORS

LOOK_S = 0.5  # between two looks at all standbys
LIMIT_S = 2.0  # for one look
WAIT_S = 1.0  # A read waits so long for a standby to reach a position.
STEP_S = 0.01  # between two looks while a read waits
SIZE = 2  # connections to each standby

log = logging.getLogger("zerosum")


def position_of(text: str) -> int:
    """Return a position in the write-ahead log, such as 16/B374D848, as a number."""
    high, low = text.split("/")
    return (int(high, 16) << 32) + int(low, 16)


@dataclass(slots=True)
class Replica:
    """number: from 1 on, in the order of the setting. state: ok, lagging, away, or promoted: it is no
    standby. lag_s: None if nobody knows. position: what it has replayed, at least."""

    number: int
    url: str
    pool: Pool | None = None
    state: str = "away"
    lag_s: float | None = None
    position: int = 0

    async def look(self) -> None:
        """Ask where it is. Raises what the database's driver raises."""
        if self.pool is None:
            self.pool = await open_pool(self.url, SIZE, await is_pooled(self.url), LIMIT_S)
        ((position, standby),) = await call(self.pool, "wal_position")
        self.state = "ok" if standby else "promoted"
        self.position = position_of(position)


@dataclass(slots=True)
class Replicas:
    """Call run() for as long as reads come; close() at the end.

    primary: answers what no standby can. max_lag_s: a standby that lags further is left out.
    """

    primary: Pool
    urls: tuple[str, ...]
    max_lag_s: float
    all: list[Replica] = field(init=False)
    # When the primary was where, in the last hour.
    seen: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=7200))
    turns: itertools.count[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.all = [Replica(number, url) for number, url in enumerate(self.urls, 1)]

    async def run(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """See where the primary and every standby are."""
        try:
            async with asyncio.timeout(LIMIT_S):
                ((position, _),) = await call(self.primary, "wal_position")
            self.seen.append((time.monotonic(), position_of(position)))
        except DATABASE_ERRORS:
            pass  # Standbys are as good as they were: nothing new is written.
        await asyncio.gather(*(self.see(replica) for replica in self.all))

    async def see(self, replica: Replica) -> None:
        before = replica.state
        try:
            async with asyncio.timeout(LIMIT_S):
                await replica.look()
        except (*DATABASE_ERRORS, ValueError):
            replica.state, replica.lag_s = "away", None
        else:
            replica.lag_s = self.lag_s(replica.position)
            if replica.state == "ok" and replica.lag_s > self.max_lag_s:
                replica.state = "lagging"
        if replica.state != before:
            log.info("replica %d is %s", replica.number, replica.state)
        metrics.REPLICA_OK.labels(str(replica.number)).set(replica.state == "ok")
        if replica.lag_s is not None:
            metrics.REPLICA_LAG.labels(str(replica.number)).set(replica.lag_s)

    def lag_s(self, position: int) -> float:
        """Return for how long the primary has been past this position, as far as it was noted."""
        since = now = time.monotonic()
        for at, passed in reversed(self.seen):
            if passed <= position:
                break
            since = at
        return now - since

    async def reads(self, position: int = 0) -> Reads:
        """Return what a read goes to that must see all up to `position`."""
        fit = [replica for replica in self.all if replica.state == "ok"]
        if not fit:
            return Reads(self.primary)
        replica = fit[next(self.turns) % len(fit)]
        if replica.position < position and not await reached(replica, position):
            return Reads(self.primary)
        return Reads(self.primary, replica)

    async def close(self) -> None:
        for replica in self.all:
            if replica.pool is not None:
                await replica.pool.close()


async def reached(replica: Replica, position: int) -> bool:
    """Wait until a standby has replayed a position; return whether it has in time."""
    try:
        async with asyncio.timeout(WAIT_S):
            while replica.position < position:
                await replica.look()
                if replica.position < position:
                    await asyncio.sleep(STEP_S)
    except DATABASE_ERRORS:
        return False
    return replica.state == "ok"


class Reads:
    """fetch() of one request: by a standby, and by the primary where the standby fails it."""

    def __init__(self, primary: Pool, replica: Replica | None = None) -> None:
        self.primary, self.replica = primary, replica

    async def fetch(self, query: str, *arguments: Any) -> list[asyncpg.Record]:
        """As Pool.fetch()."""
        replica = self.replica
        if replica is not None and replica.pool is not None:
            try:
                rows = await replica.pool.fetch(query, *arguments)
            except DATABASE_ERRORS as error:
                if (getattr(error, "sqlstate", None) or "").startswith("ZS"):
                    raise
                # Away, or it cancelled the read to go on replaying: the primary answers, and this
                # request stays with it.
                self.replica = None
            else:
                metrics.REPLICA_READS.labels(str(replica.number)).inc()
                return rows
        return await self.primary.fetch(query, *arguments)
