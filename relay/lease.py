"""The lease of one ledger, as its relay knows it: whoever sends asks before each step whether it is held still."""

from __future__ import annotations

import asyncio
import time

LEASE_LOST = "ZS301"
LOOK_S = 0.05


def is_lost(error: BaseException) -> bool:
    """Does this error of Postgres say that the lease is another's?"""
    return getattr(error, "sqlstate", None) == LEASE_LOST


class Lease:
    """held() for as long as was confirmed, by a clock that goes on while the process is stopped.

    So a relay that was paused past its lease sends nothing when it wakes: another one does by then.
    """

    def __init__(self, holder: str, epoch: int) -> None:
        self.holder, self.epoch = holder, epoch
        self.until = 0.0

    def confirm(self, asked: float, seconds: float) -> None:
        """Postgres said at `asked` (time.monotonic()), or later, that it is held for so long at least."""
        self.until = asked + seconds

    def held(self) -> bool:
        return time.monotonic() < self.until

    async def wait(self) -> None:
        """Until it is held."""
        while not self.held():  # noqa: ASYNC110
            await asyncio.sleep(LOOK_S)
