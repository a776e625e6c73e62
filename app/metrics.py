"""The metrics at `/metrics`, by Prometheus's conventions of names and units."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics_core import Metric

REGISTRY = CollectorRegistry()

REQUESTS = Counter(
    "zerosum_http_requests",
    "HTTP requests by route, method and status.",
    ("route", "method", "status"),
    registry=REGISTRY,
)
LATENCY = Histogram(
    "zerosum_http_request_duration_seconds",
    "From the request's head to the answer's, by route.",
    ("route",),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25),
    registry=REGISTRY,
)
BATCH = Histogram(
    "zerosum_batch_requests",
    "Requests that were posted together.",
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256),
    registry=REGISTRY,
)
QUEUE = Gauge("zerosum_queue_requests", "Requests that wait to be posted.", registry=REGISTRY)
BUSY = Gauge(
    "zerosum_slow_lane_requests", "Requests that wait for a locked wallet.", registry=REGISTRY
)
STREAMS = Gauge("zerosum_event_streams", "Clients that stream events.", registry=REGISTRY)
OUTBOX = Gauge(
    "zerosum_outbox_events", "Events not stamped yet, by ledger.", ("ledger",), registry=REGISTRY
)
OUTBOX_AGE = Gauge(
    "zerosum_outbox_oldest_age_seconds",
    "Age of the oldest of them.",
    ("ledger",),
    registry=REGISTRY,
)
DELIVERIES = Counter(
    "zerosum_deliveries",
    "Attempts to deliver by what came of them: delivered, pending (tried again later), dead, gone.",
    ("outcome",),
    registry=REGISTRY,
)
DELIVERY_TIME = Histogram(
    "zerosum_delivery_duration_seconds",
    "How long attempts to deliver took.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
    registry=REGISTRY,
)
ENDPOINT_BEHIND = Gauge(
    "zerosum_endpoint_behind_events",
    "Stamped events that a webhook endpoint has not passed, by its state: enabled, failing, disabled.",
    ("ledger", "endpoint", "state"),
    registry=REGISTRY,
)
ENDPOINT_PENDING = Gauge(
    "zerosum_endpoint_pending_deliveries",
    "Deliveries to an endpoint that wait for a retry; 10,000 stands for that many or more.",
    ("ledger", "endpoint"),
    registry=REGISTRY,
)
ENDPOINT_DEAD = Gauge(
    "zerosum_endpoint_dead_deliveries",
    "Deliveries to an endpoint that were given up and not dismissed; at most 10,000 are counted.",
    ("ledger", "endpoint"),
    registry=REGISTRY,
)
CONSUMER_BEHIND = Gauge(
    "zerosum_consumer_behind_events",
    "Stamped events that a consumer has not passed.",
    ("ledger", "consumer"),
    registry=REGISTRY,
)
PURGED = Counter(
    "zerosum_purged_deliveries",
    "Deliveries that were deleted, with their attempts, since they are older than they are kept.",
    registry=REGISTRY,
)
PURGED_EVENTS = Counter(
    "zerosum_purged_events",
    "Events that were purged, since they are older than they are kept and every reader passed them.",
    registry=REGISTRY,
)
SINK_EVENTS = Counter(
    "zerosum_sink_events", "Events that arrived at a sink.", ("ledger", "sink"), registry=REGISTRY
)
SINK_FAILURES = Counter(
    "zerosum_sink_failures",
    "Tries to carry events to a sink that failed.",
    ("ledger", "sink"),
    registry=REGISTRY,
)
SINK_BEHIND = Gauge(
    "zerosum_sink_behind_events",
    "Stamped events that a sink has not passed, by its state: ok, retrying, paused.",
    ("ledger", "sink", "state"),
    registry=REGISTRY,
)
REDIS = Gauge(
    "zerosum_redis_up", "1 when Redis answers, where REDIS_URL is set.", registry=REGISTRY
)
LISTENING = Gauge(
    "zerosum_relay_listen_healthy", "1 when notifications arrive, else 0.", registry=REGISTRY
)
LOG_LINES_DROPPED = Counter(
    "zerosum_log_lines_dropped",
    "Log lines that nobody read in time.",
    registry=REGISTRY,
)
RELAY_FAILURES = Counter(
    "zerosum_relay_failures",
    "Looks at a ledger's outbox that failed; the other ledgers' went on.",
    ("ledger",),
    registry=REGISTRY,
)
CLOCK_JUMPS = Counter(
    "zerosum_database_clock_jumps",
    "How often the database's clock was seen to go forward or back by more than a few seconds.",
    ("direction",),
    registry=REGISTRY,
)
LEADER = Gauge(
    "zerosum_relay_leader", "1 when this process's relay has a ledger.", registry=REGISTRY
)
REPLICA_OK = Gauge(
    "zerosum_replica_ok",
    "1 while a standby answers reads, by its place in DATABASE_REPLICA_URL.",
    ("replica",),
    registry=REGISTRY,
)
REPLICA_LAG = Gauge(
    "zerosum_replica_lag_seconds",
    "How far a standby is behind.",
    ("replica",),
    registry=REGISTRY,
)
REPLICA_READS = Counter(
    "zerosum_replica_reads",
    "Queries that a standby has answered.",
    ("replica",),
    registry=REGISTRY,
)
LEASES = Gauge(
    "zerosum_relay_lease",
    "1 for each ledger that this process's relay has.",
    ("ledger",),
    registry=REGISTRY,
)


class OfLedger:
    """A registry in which only one ledger's series have a ledger's name; "": no ledger's."""

    def __init__(self, ledger: str) -> None:
        self.ledger = ledger

    def collect(self) -> Iterator[Metric]:
        for metric in REGISTRY.collect():
            metric.samples = [
                sample
                for sample in metric.samples
                if sample.labels.get("ledger", self.ledger) == self.ledger
            ]
            yield metric


def exposition(ledger: str | None) -> bytes:
    """Return the metrics as text. ledger: whose series are there beside those of the process; None:
    every ledger's."""
    return generate_latest(REGISTRY if ledger is None else OfLedger(ledger))
