"""Write checkpoints of each ledger's log as events, on a schedule. Whoever keeps them can hold the
operator to them."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from app.database.connections import Pool, call
from app.database.errors import DATABASE_ERRORS
from app.transparency.signed_notes import LogKey

LOOK_S = 60.0

log = logging.getLogger("zerosum.relay")


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """Call run() beside the relay named `holder`. every_s: from one checkpoint to the next, if
    anything happened."""

    pool: Pool
    holder: str
    key: LogKey
    every_s: float

    async def run(self) -> None:
        while True:
            await asyncio.sleep(min(self.every_s, LOOK_S))
            try:
                await self.tell_due()
            except DATABASE_ERRORS as error:
                log.info("a checkpoint waits for the database: %s", error)

    async def tell_due(self) -> None:
        rows = await call(self.pool, "due_checkpoints", holder=self.holder, seconds=self.every_s)
        for row in rows:
            await call(
                self.pool,
                "add_checkpoint",
                ledger=row["ledger_id"],
                holder=self.holder,
                epoch=row["epoch"],
                origin=self.key.name(row["name"]),
                size=row["size"],
                root=row["root"],
                checkpoint=self.key.checkpoint(row["name"], row["size"], row["root"]),
            )
