"""What the figures are compared with."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

from bench import history

Result = dict[str, float]


class Median(Result):
    """The median of each part of the runs, which are kept."""

    def __init__(self, runs: list[Result]) -> None:
        super().__init__({part: statistics.median(run[part] for run in runs) for part in runs[0]})
        self.runs = runs


@dataclass(frozen=True, slots=True)
class Bar:
    """A figure's part must be at least (>=) or at most (<=) so much; base: of this figure's."""

    figure: str
    part: str
    sign: str
    limit: float
    base: str | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """value: None if it could not be measured here."""

    bar: Bar
    value: float | None

    @property
    def met(self) -> bool:
        if self.value is None:
            return False
        limit = self.bar.limit
        return self.value >= limit if self.bar.sign == ">=" else self.value <= limit


def judge(results: dict[str, Result]) -> list[Judged]:
    return [Judged(bar, value_of(bar, results)) for bar in BARS]


def value_of(bar: Bar, results: dict[str, Result]) -> float | None:
    if bar.figure not in results or (bar.base and bar.base not in results):
        return None
    if bar.base:
        return ratio(results[bar.figure], results[bar.base], bar.part)
    return results[bar.figure][bar.part]


def ratio(result: Result, base: Result, part: str) -> float:
    """Return the median of each round's ratio of two things that took turns."""
    if isinstance(result, Median) and isinstance(base, Median):
        pairs = zip(result.runs, base.runs, strict=True)
        return statistics.median(run[part] / other[part] for run, other in pairs)
    return result[part] / base[part]


BARS = [
    Bar("transfers, 64 connections", "per_s", ">=", 2.0, "pgbench TPC-B, 64 clients"),
    Bar("batches of 100, 4 connections", "per_s", ">=", 4.0, "pgbench TPC-B, 64 clients"),
    Bar("holds placed and captured", "per_s", ">=", 0.6, "transfers, 64 connections"),
    Bar("transfers, one hot wallet", "per_s", ">=", 0.9, "transfers, 64 connections"),
    Bar("transfers, 1 connection", "p50_ms", "<=", 2.0, "pgbench TPC-B, 1 client"),
    Bar("webhook, idle", "p50_ms", "<=", 10),
    Bar("webhook, idle", "p99_ms", "<=", 50),
    Bar("webhook, 500 transfers/s", "p99_ms", "<=", 250),
    Bar("webhooks beside one that hangs", "ratio", "<=", 2),
    Bar("streams, 100 clients, 500 transfers/s", "p99_ms", "<=", 200),
    Bar("webhooks from a backlog", "per_s", ">=", 3000),
    Bar("webhooks from a backlog, 10 endpoints", "per_s", ">=", 5000),
    Bar("transfers, one endpoint subscribed", "per_s", ">=", 0.6, "transfers, no relay"),
    Bar("transfers of six ledgers", "per_s", ">=", 0.9, "transfers of one ledger"),
    Bar("transfers of two processes", "per_s", ">=", 1.0, "transfers of one process"),
    Bar("transfers of two processes", "deadlocks", "<=", 0),
    Bar("batches of 100, Citus", "per_s", ">=", 0.7, "batches of 100, PostgreSQL"),
    Bar("transfers, the ledger moves", "p99_ms", "<=", 1000),
    Bar("SQL clients, relay awake", "per_s", ">=", 0.85, "SQL clients, trigger off"),
    Bar(
        "two servers and SQL clients: credits",
        "per_s",
        ">=",
        0.5,
        "two servers and SQL clients: transfers",
    ),
    Bar("Kafka from a backlog", "per_s", ">=", 10000),
    Bar("Kafka, 200 transfers/s", "p50_ms", "<=", 20),
    Bar("Redis Streams from a backlog", "per_s", ">=", 10000),
    Bar("transfers, a dead sink", "per_s", ">=", 0.97, "transfers, relay"),
    Bar("transfers, Redis locks", "per_s", ">=", 0.8, "transfers, no locks"),
    Bar("post, batches of 1", "cpu_us", "<=", 2.5, "bare rows, batches of 1"),
    Bar("post, batches of 32", "cpu_us", "<=", 1.6, "bare rows, batches of 32"),
    Bar("post, batches of 100", "cpu_us", "<=", 1.5, "bare rows, batches of 100"),
    Bar("stamping", "cpu_us", "<=", 1.5, "bare stamping"),
    Bar("zerosum.transfer, 64 SQL clients", "per_s", ">=", 0.8, "pgledger, 64 SQL clients"),
    Bar("zerosum.transfer, 1 SQL client", "per_s", ">=", 0.8, "pgledger, 1 SQL client"),
    Bar("transfers, no relay", "server_cpu_us", "<=", 2.5, "bare answers"),
    Bar(history.NAME, "per_s", ">=", 0.9, "transfers, none before"),
    Bar("inclusion proof", "p50_ms", "<=", 10),
    Bar("stamping with tiles", "per_s", ">=", 0.95, "stamping without tiles"),
    Bar("transfers on disk", "bytes", "<=", 1200),
    Bar("transfers on disk", "bytes_purged", "<=", 700),
    Bar("memory after load", "mib", "<=", 150),
    Bar("relay, idle", "queries_per_s", "<=", 1),
    Bar("relay, idle", "core_percent", "<=", 1),
    Bar("transfers, a console", "per_s", ">=", 0.97, "transfers, no console"),
    Bar("transfers, a console that is looked at", "per_s", ">=", 0.95, "transfers, no console"),
]
