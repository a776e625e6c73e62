"""What became of deliveries, as Postgres keeps it."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from app import metrics
from app.database.connections import Pool, call
from relay.webhooks.message import Outcome
from relay.webhooks.policy import WebhookPolicy

GONE = 410


class Settled(NamedTuple):
    """What one try had. retry_s: seconds until the next try; None: there is none."""

    seq: int
    retry_s: float | None
    outcome: Outcome


def verdict(outcome: Outcome, retry_s: float | None) -> str:
    """Return the outcome's name for Postgres. 410 Gone says that the endpoint wants nothing more."""
    if outcome.delivered:
        return "delivered"
    if outcome.status == GONE:
        return "gone"
    return "dead" if retry_s is None else "pending"


async def record(
    pool: Pool,
    ledger: int,
    endpoint: int,
    holder: str,
    sent_to: int,
    outcomes: list[Settled],
    policy: WebhookPolicy,
) -> None:
    """Record outcomes, and that all up to the seq sent_to was sent. Raises what the database's
    driver raises."""
    verdicts = [verdict(one.outcome, one.retry_s) for one in outcomes]
    await call(
        pool,
        "record_deliveries",
        ledger=ledger,
        endpoint=endpoint,
        sent_to=sent_to,
        seqs=[one.seq for one in outcomes],
        outcomes=verdicts,
        statuses=[one.outcome.status for one in outcomes],
        errors=[one.outcome.error for one in outcomes],
        durations_ms=[one.outcome.duration_ms for one in outcomes],
        retries_s=[one.retry_s for one in outcomes],
        holder=holder,
        addresses=[one.outcome.address for one in outcomes],
        answers=[one.outcome.answer if policy.keep_answers else None for one in outcomes],
        disable_after_s=policy.disable_after_s,
    )
    for word, count in Counter(verdicts).items():
        metrics.DELIVERIES.labels(word).inc(count)
    for one in outcomes:
        metrics.DELIVERY_TIME.observe(one.outcome.duration_ms / 1000)
