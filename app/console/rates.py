"""How much the server did lately, kept in two small rings: an hour in steps of twenty seconds, a day in
steps of five minutes. No Prometheus is needed to look at it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from app import metrics
from app.database.connections import Pool, call
from app.database.errors import DATABASE_ERRORS
from app.http.routes import ROUTES

STEP_S, LONG_STEP_S = 20, 300  # An idle server asks its database once a second in all.
HOUR, DAY = 3600 // STEP_S, 86400 // LONG_STEP_S
MONEY = frozenset(route.path.replace(":number", "") for route in ROUTES if route.keyed)

log = logging.getLogger("zerosum")


@dataclass(frozen=True, slots=True)
class Sample:
    """Counts so far. events: of each ledger, by all processes. buckets: how many requests that moved
    money took at most so many seconds, in this process. deliveries: attempts of this process."""

    at: float
    events: dict[int, int]
    buckets: dict[float, float]
    deliveries: float


@dataclass(slots=True)
class Rates:
    """run() takes samples until it is cancelled."""

    pool: Pool
    ledgers: list[int] = field(default_factory=list)
    hour: deque[Sample] = field(default_factory=lambda: deque(maxlen=HOUR + 1))
    day: deque[Sample] = field(default_factory=lambda: deque(maxlen=DAY + 1))

    async def run(self) -> None:
        while True:
            try:
                await self.take()
            except DATABASE_ERRORS as error:
                log.info("a sample of the console is missing: %s", error)
            await asyncio.sleep(STEP_S)

    async def take(self) -> None:
        """Take a sample. Raises what the database's driver raises. Ledgers that are new are looked
        for with each long step."""
        is_long = not self.day or time.time() >= self.day[-1].at + LONG_STEP_S
        if is_long:
            self.ledgers = [row["ledger_id"] for row in await call(self.pool, "list_ledgers")]
        rows = await call(self.pool, "feed_ends", ledgers=self.ledgers)
        events = {row["ledger_id"]: row["last_seq"] for row in rows}
        sample = Sample(time.time(), events, latency_buckets(), delivered())
        self.hour.append(sample)
        if is_long:
            self.day.append(sample)

    def chart(self, ledger: int, ring: deque[Sample]) -> dict[str, Any] | None:
        """Return events a second of a ledger over time, as the page's chart takes it; None: there
        is too little yet."""
        if len(ring) < 3:
            return None
        pairs = list(zip(ring, list(ring)[1:], strict=False))
        return {
            "times": [round(after.at) for _, after in pairs],
            "series": [
                {
                    "label": "events a second",
                    "values": [round(per_s(ledger, *pair), 3) for pair in pairs],
                }
            ],
        }

    def now(self, ledger: int) -> dict[str, float | None]:
        """Return the figures of the last minute."""
        if len(self.hour) < 2:
            return {"events_per_s": None, "p50_s": None, "p99_s": None, "deliveries_per_s": None}
        last = self.hour[-1]
        first = self.hour[max(0, len(self.hour) - 1 - 60 // STEP_S)]
        counts = {
            bound: count - first.buckets.get(bound, 0) for bound, count in last.buckets.items()
        }
        return {
            "events_per_s": per_s(ledger, first, last),
            "p50_s": quantile(counts, 0.5),
            "p99_s": quantile(counts, 0.99),
            "deliveries_per_s": (last.deliveries - first.deliveries) / (last.at - first.at),
        }


def per_s(ledger: int, first: Sample, last: Sample) -> float:
    events = last.events.get(ledger, 0) - first.events.get(ledger, 0)
    return max(0.0, events / (last.at - first.at))


def latency_buckets() -> dict[float, float]:
    """Return how many requests that moved money took at most so many seconds."""
    found: dict[float, float] = {}
    for family in metrics.LATENCY.collect():
        for sample in family.samples:
            if sample.name.endswith("_bucket") and sample.labels["route"] in MONEY:
                bound = float(sample.labels["le"])
                found[bound] = found.get(bound, 0) + sample.value
    return found


def delivered() -> float:
    return sum(
        sample.value
        for family in metrics.DELIVERIES.collect()
        for sample in family.samples
        if sample.name.endswith("_total")
    )


def quantile(counts: dict[float, float], share: float) -> float | None:
    """Return the time within which this share was answered, between the bounds of its bucket; None:
    nothing was asked. counts: cumulative, by upper bound."""
    bounds = sorted(counts)
    if not bounds or counts[bounds[-1]] <= 0:
        return None
    wanted = counts[bounds[-1]] * share
    low, before = 0.0, 0.0
    for bound in bounds:
        if counts[bound] >= wanted:
            if bound == float("inf"):
                return low
            return low + (bound - low) * (wanted - before) / (counts[bound] - before)
        low, before = bound, counts[bound]
    return low
