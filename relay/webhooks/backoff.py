"""When to retry a delivery: unless told otherwise 13 tries over three days, as Standard Webhooks
recommends, the first soon."""

from __future__ import annotations

import random
from collections.abc import Sequence

HOUR = 3600
SCHEDULE_S: tuple[float, ...] = (
    1,
    5,
    30,
    120,
    600,
    1800,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    14 * HOUR,
    20 * HOUR,
    24 * HOUR,
)
JITTER = 0.2
MAX_ASKED_S = 24 * HOUR


def retry_after_s(
    attempts: int, asked_s: float | None = None, schedule_s: Sequence[float] = SCHEDULE_S
) -> float | None:
    """Return how many seconds to wait after so many failed attempts (1 or more), ±20 %; None: give
    up.

    asked_s: what the endpoint asked for (Retry-After). The wait is at least so long, up to a day.
    """
    if attempts > len(schedule_s):
        return None
    scheduled = schedule_s[attempts - 1] * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311
    return max(scheduled, min(asked_s or 0, MAX_ASKED_S))
