"""While the database is away, try it rarely, and refuse at once what comes between two tries."""

from __future__ import annotations

import time

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 1.0
FORGOTTEN_S = 30.0


class Outage:
    """Call failed() and succeeded() with each outcome; is_closed() says whether nothing may be
    tried now.

    patience_s: a restart or failover that is shorter refuses nobody: requests wait.
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
        """Return after how many seconds the next attempt may be made."""
        now = time.monotonic()
        if self.since is None or now > self.until + FORGOTTEN_S:
            self.since = now  # Nobody has tried for long, so this is a new outage.
        pause = self.pause_s
        self.pause_s = min(2 * pause, LONGEST_PAUSE_S)
        self.until = now + pause
        return pause

    def is_long(self) -> bool:
        """Return whether the database has been away for longer than requests wait."""
        return self.since is not None and time.monotonic() >= self.since + self.patience_s

    def is_closed(self) -> bool:
        """Return whether the database is away and the next attempt is not due yet."""
        return self.is_long() and time.monotonic() < self.until
