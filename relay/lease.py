"""The lease of one ledger, as its relay knows it. Whoever sends checks before each step that it
still holds."""

from __future__ import annotations

import asyncio
import time

LEASE_LOST = "ZS301"
LOOK_S = 0.05


def is_lost(error: BaseException) -> bool:
    """Return whether this error of Postgres says that another relay has the lease."""
    return getattr(error, "sqlstate", None) == LEASE_LOST


class Lease:
    """held() is true for as long as was confirmed, by a clock that goes on while the process is
    stopped.

    So a relay that was paused past its lease sends nothing when it wakes: another relay sends by
    then.
    """

    def __init__(self, holder: str, epoch: int) -> None:
        self.holder, self.epoch = holder, epoch
        self.until = 0.0

    def confirm(self, asked: float, seconds: float) -> None:
        """Postgres said at `asked` (time.monotonic()) or later that the lease holds for at least so
        long."""
        self.until = asked + seconds

    def held(self) -> bool:
        return time.monotonic() < self.until

    async def wait(self) -> None:
        """Wait until the lease is held."""
        while not self.held():  # noqa: ASYNC110
            await asyncio.sleep(LOOK_S)
