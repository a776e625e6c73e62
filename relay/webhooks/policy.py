"""What the operator decides for all endpoints."""

from __future__ import annotations

from dataclasses import dataclass

from relay.webhooks.backoff import SCHEDULE_S


@dataclass(frozen=True, slots=True)
class WebhookPolicy:
    """retries_s: the wait before each retry. keep_answers: store the beginning of answers' bodies.
    disable_after_s: an endpoint where nothing has arrived for so long is disabled; 0: never.
    hold_s: for how long an event that fails holds later events of its wallets, where an endpoint is
    ordered."""

    retries_s: tuple[float, ...] = SCHEDULE_S
    keep_answers: bool = True
    disable_after_s: float = 5 * 86400
    hold_s: float = 600
