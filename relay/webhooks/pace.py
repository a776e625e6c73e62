"""The pace of one endpoint: at most so many deliveries in a time, evenly."""

from __future__ import annotations

import time

from limits import parse


class Pace:
    """Before each delivery ask left_s(); when it is 0, call take() and send.

    A delivery that waits for its turn was not tried: no retry is lost by it.
    """

    def __init__(self, limit: str | None = None) -> None:
        """limit: such as 10/second or 100/minute; None: no limit."""
        self.limit = limit
        self.gap_s = 0.0
        if limit is not None:
            item = parse(limit)
            self.gap_s = item.get_expiry() / item.amount
        self.next_at = 0.0

    def left_s(self) -> float:
        """Return how many seconds are left until the next turn."""
        return max(0.0, self.next_at - time.monotonic()) if self.gap_s else 0.0

    def take(self) -> None:
        """Take this turn."""
        if self.gap_s:
            self.next_at = max(self.next_at, time.monotonic()) + self.gap_s
