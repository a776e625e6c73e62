"""Delete deliveries and attempts that are older than the operator keeps them, a few at a time."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from app import metrics
from app.database.connections import Pool, call
from app.database.errors import DATABASE_ERRORS

LOOK_S = 60.0
# Of each endpoint at a time, and the pause before the next: the load stays small beside the work.
STEP, PAUSE_S = 1000, 0.1

log = logging.getLogger("zerosum.relay")


@dataclass(frozen=True, slots=True)
class Retention:
    """Call run() beside the relay named `holder`. keep_s: how long deliveries are kept."""

    pool: Pool
    holder: str
    keep_s: float

    async def run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                while await self.purge():  # noqa: ASYNC110
                    await asyncio.sleep(PAUSE_S)
            except DATABASE_ERRORS as error:
                log.info("old deliveries wait for the database to be deleted: %s", error)

    async def purge(self) -> int:
        """Delete some. Returns how many."""
        ((purged,),) = await call(
            self.pool, "purge_deliveries", holder=self.holder, seconds=self.keep_s, max=STEP
        )
        metrics.PURGED.inc(purged)
        return int(purged)
