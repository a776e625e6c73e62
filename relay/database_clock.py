"""Compare the database's clock with one that never jumps: it dates entries, expires holds and ends
leases."""

from __future__ import annotations

import logging
from datetime import datetime

from app import metrics

JUMP_S = 2.0

log = logging.getLogger("zerosum.relay")


class DatabaseClock:
    """Call see() with the database's time now and then: when its clock has jumped between two
    calls, a log line and a metric say so."""

    def __init__(self) -> None:
        self.seen: tuple[float, float, datetime] | None = None

    def see(self, asked: float, answered: float, moment: datetime) -> None:
        """moment: the database's time at some point between these two values of time.monotonic()."""
        if self.seen is not None:
            asked_then, answered_then, then = self.seen
            went = (moment - then).total_seconds()
            # The time that has passed, at least and at most.
            least, most = asked - answered_then, answered - asked_then
            jump = max(0.0, went - most) or min(0.0, went - least)
            if abs(jump) > JUMP_S:
                direction = "forward" if jump > 0 else "back"
                metrics.CLOCK_JUMPS.labels(direction).inc()
                log.warning("the database's clock went %s by %.0f s", direction, abs(jump))
        self.seen = asked, answered, moment
