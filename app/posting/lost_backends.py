"""Backends of the database whose connection broke while they may have been posting.

Such a backend may still write, much later: it was stopped, or bytes that the network holds back
reach it. So the next connection ends it before anything is repeated. Until the backend is known to
have ended, a refusal of what it was posting says nothing of whether it was written.
"""

from __future__ import annotations

import logging
import time

import asyncpg

from app.database.connections import call, time_limit
from app.database.errors import DATABASE_ERRORS, Failure, failure

# A backend behind a pooler can't be asked about. It gives up by then: the server's own limits end
# it.
GONE_AFTER_S = 10.0

log = logging.getLogger("zerosum")


class LostBackends:
    """True while a lost backend may be alive."""

    def __init__(self) -> None:
        self.pids: dict[
            int, float
        ] = {}  # when its connection broke; 0 is for those without a number

    def __bool__(self) -> bool:
        return bool(self.pids)

    def add(self, pid: int) -> None:
        """Note a backend whose connection has just broken. pid: 0 where a pooler hides it."""
        self.pids[pid] = time.monotonic()

    async def end(self, conn: asyncpg.Connection) -> None:
        """End the lost backends over a new connection. Raises what the driver raises when that
        breaks too."""
        now = time.monotonic()
        if 0 in self.pids and now >= self.pids[0] + GONE_AFTER_S:
            del self.pids[0]
        for pid in [pid for pid in self.pids if pid]:
            try:
                with time_limit(conn):
                    ((gone,),) = await call(
                        conn, "end_backend", pid=pid, lost_s=now - self.pids[pid]
                    )
            except DATABASE_ERRORS as error:
                if failure(error) is not Failure.FAILED:
                    raise
                log.warning("backend %d may still be posting, and can't be ended: %s", pid, error)
                gone = now >= self.pids[pid] + GONE_AFTER_S
            if gone:
                del self.pids[pid]
