"""Delete what is older than the operator keeps it, a little at a time: deliveries with their
attempts, and events that every reader has passed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass

from app import metrics
from app.database.connections import Pool, call
from app.database.errors import DATABASE_ERRORS
from relay.lease import Lease, is_lost

LOOK_S = 60.0
# Deliveries of each endpoint and bundles of 256 events of each ledger at a time, and the pause before
# the next: the load stays small beside the work.
DELIVERIES, BUNDLES, PAUSE_S = 1000, 4, 0.1

log = logging.getLogger("zerosum.relay")


@dataclass(frozen=True, slots=True)
class Keep:
    """For how many seconds settled deliveries and events are kept; 0: for ever."""

    deliveries_s: float = 90 * 86400
    events_s: float = 0


@dataclass(frozen=True, slots=True)
class Retention:
    """Call run() beside the relay named `holder`, which has these leases, by ledger."""

    pool: Pool
    holder: str
    leases: Mapping[int, Lease]
    keep: Keep

    async def run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                while await self.purge():  # noqa: ASYNC110
                    await asyncio.sleep(PAUSE_S)
            except DATABASE_ERRORS as error:
                if not is_lost(error):
                    log.info("what is old waits for the database to be deleted: %s", error)

    async def purge(self) -> int:
        """Delete some. Returns how much; 0: nothing is left that is old."""
        purged = 0
        if self.keep.deliveries_s > 0:
            ((purged,),) = await call(
                self.pool,
                "purge_deliveries",
                holder=self.holder,
                seconds=self.keep.deliveries_s,
                max=DELIVERIES,
            )
            metrics.PURGED.inc(purged)
        if self.keep.events_s > 0:
            for ledger, lease in list(self.leases.items()):
                purged += await self.purge_events(ledger, lease)
        return int(purged)

    async def purge_events(self, ledger: int, lease: Lease) -> int:
        """Purge some bundles of the ledger's events. Returns how many bundles."""
        ((bundles,),) = await call(
            self.pool,
            "purge_events",
            ledger=ledger,
            holder=self.holder,
            epoch=lease.epoch,
            seconds=self.keep.events_s,
            max_bundles=BUNDLES,
        )
        metrics.PURGED_EVENTS.inc(bundles * 256)
        return int(bundles)
