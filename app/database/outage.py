"""While the database is away, attempts to use it are few, and what comes between two of them is refused at once."""

from __future__ import annotations

import time

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 1.0
FORGOTTEN_S = 30.0


class Outage:
    """failed() and succeeded() tell it what happened; is_closed(): may nothing be tried just now?

    patience_s: a restart or failover shorter than this is waited for, and nothing is refused because of it.
    """

    def __init__(self, patience_s: float = 0.0) -> None:
        self.patience_s = patience_s
        self.since: float | None = None
        self.pause_s = FIRST_PAUSE_S
        self.until = 0.0

    def succeeded(self) -> None:
        self.since = None
        self.pause_s = FIRST_PAUSE_S

    def failed(self) -> float:
        """Returns after how many seconds the next attempt may be made."""
        now = time.monotonic()
        if self.since is None or now > self.until + FORGOTTEN_S:
            self.since = now  # Nobody has asked for long: this is another one.
        pause = self.pause_s
        self.pause_s = min(2 * pause, LONGEST_PAUSE_S)
        self.until = now + pause
        return pause

    def is_long(self) -> bool:
        """Has the database been away for longer than is waited for?"""
        return self.since is not None and time.monotonic() >= self.since + self.patience_s

    def is_closed(self) -> bool:
        """Is it away, and the next attempt not due yet?"""
        return self.is_long() and time.monotonic() < self.until
