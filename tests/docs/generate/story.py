"""One request of every operation, in an order in which each succeeds: the examples of the
documentation are what a real server answered to them. Times, random ids, secrets and hashes are
replaced by fixed ones, so that two runs are alike."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx

from app.http.routes import ROUTES, Route


@dataclass(frozen=True)
class Step:
    """A request; answered with the route's example unless `shown` is false. before: what the
    database must do first."""

    operation: str
    path: str
    body: Any = None
    key: str | None = None
    shown: bool = True
    before: str | None = None


DEPOSIT = {"wallet": "alice", "amount": 1000, "reference": "deposit-1"}
TRANSFER = {"source": "alice", "destination": "bob", "amount": 250, "metadata": {"order": 17}}
SPLIT = {
    "postings": [
        {"source": "alice", "destination": "shop", "amount": 95},
        {"source": "alice", "destination": "fees", "amount": 5},
    ],
    "description": "Order 18, with the marketplace's fee",
}
BATCH = {
    "transactions": [
        {"postings": [{"source": "alice", "destination": "bob", "amount": 10}]},
        {"postings": [{"source": "bob", "destination": "alice", "amount": 1_000_000}]},
    ]
}
HOLD = {
    "source": "alice",
    "destination": "shop",
    "amount": 100,
    "expires_at": "2100-01-31T12:00:00Z",
}
SINK = "kafka://broker.example:9092/zerosum.events"
STORY = [
    Step("create_asset", "/v1/assets", {"code": "POINTS", "scale": 0}),
    Step("list_assets", "/v1/assets?limit=2"),
    Step("create_wallet", "/v1/wallets", {"id": "alice", "asset": "USD", "metadata": {"user": 42}}),
    *(
        Step("create_wallet", "/v1/wallets", {"id": name, "asset": "USD"}, shown=False)
        for name in ("bob", "shop", "fees", "old")
    ),
    Step("create_credit", "/v1/credits", DEPOSIT, "deposit-1"),
    Step("create_transfer", "/v1/transfers", TRANSFER, "order-17"),
    Step("create_debit", "/v1/debits", {"wallet": "bob", "amount": 50}, "payout-1"),
    Step("create_transaction", "/v1/transactions", SPLIT, "order-18"),
    Step("create_batch", "/v1/transactions/batch", BATCH, "batch-1"),
    Step("create_hold", "/v1/holds", HOLD, "booking-1"),
    Step("capture_hold", "/v1/holds/6/capture", {"amount": 60}, "booking-1-paid"),
    Step("void_hold", "/v1/holds/6/void", {}, "booking-1-ended"),
    Step("read_hold", "/v1/holds/6"),
    Step("list_holds", "/v1/holds?limit=1"),
    Step("reverse_transaction", "/v1/transactions/2/reverse", {"amount": 100}, "refund-1"),
    Step("read_transaction", "/v1/transactions/2"),
    Step("list_transactions", "/v1/transactions?limit=1"),
    Step("read_wallet", "/v1/wallets/alice"),
    Step("list_wallets", "/v1/wallets?prefix=al&limit=10"),
    Step("change_wallet", "/v1/wallets/alice", {"max_balance": 100000}),
    Step("freeze_wallet", "/v1/wallets/alice/freeze", {"credits": True}),
    Step("unfreeze_wallet", "/v1/wallets/alice/unfreeze"),
    Step("close_wallet", "/v1/wallets/old/close"),
    Step("list_entries", "/v1/wallets/alice/entries?limit=2"),
    Step(
        "create_webhook",
        "/v1/webhooks",
        {"url": "https://shop.example/hooks", "types": ["transaction.*", "hold.*"]},
    ),
    Step(
        "change_webhook",
        "/v1/webhooks/1",
        {"description": "The shop's backend", "metadata": {"team": "checkout"}},
    ),
    Step("list_webhooks", "/v1/webhooks"),
    Step("read_webhook", "/v1/webhooks/1"),
    Step("list_events", "/v1/events?after=1&limit=1", before="stamp"),
    Step("read_transaction_event", "/v1/transactions/2/event"),
    Step("stream_events", "/v1/events/stream?after=1", before="end streams"),
    Step("list_deliveries", "/v1/webhooks/1/deliveries?limit=1", before="deliver"),
    Step("rotate_secret", "/v1/webhooks/1/rotate", {"overlap_s": 3600}),
    Step("test_webhook", "/v1/webhooks/1/test"),
    Step("count_replay", "/v1/webhooks/1/replays/count", {"after_seq": 0, "types": ["hold.*"]}),
    Step("create_replay", "/v1/webhooks/1/replays", {"after_seq": 0, "types": ["hold.*"]}),
    Step("list_replays", "/v1/webhooks/1/replays"),
    Step("cancel_replay", "/v1/webhooks/1/replays/1/cancel"),
    Step("dismiss_deliveries", "/v1/webhooks/1/dismiss", {"upto_seq": 1000}),
    Step("resend_delivery", "/v1/webhooks/1/deliveries/2/resend"),
    Step("disable_webhook", "/v1/webhooks/1/disable"),
    Step("enable_webhook", "/v1/webhooks/1/enable"),
    Step("read_proof", "/v1/proof"),
    Step("read_checkpoint", "/v1/proof/checkpoint"),
    Step("read_event_proof", "/v1/proof/events/3"),
    Step("read_inclusion", "/v1/proof/inclusion?seq=3&size=4"),
    Step("read_consistency", "/v1/proof/consistency?old_size=2&size=4"),
    Step("read_tile", "/v1/proof/tile/0/000.p/4"),
    Step("read_entries", "/v1/proof/tile/entries/000.p/4"),
    Step("create_sink", "/v1/sinks", {"url": SINK}),
    Step("list_sinks", "/v1/sinks"),
    Step("read_sink", "/v1/sinks/2"),
    Step("pause_sink", "/v1/sinks/2/pause"),
    Step("resume_sink", "/v1/sinks/2/resume"),
    Step("rewind_sink", "/v1/sinks/2/rewind", {"seq": 3}),
    Step("remove_sink", "/v1/sinks/2"),
    Step("put_consumer", "/v1/consumers/mailer", {"types": ["hold.*"], "start": "beginning"}),
    Step("list_consumers", "/v1/consumers"),
    Step("read_consumer", "/v1/consumers/mailer"),
    Step("lease_page", "/v1/consumers/mailer/lease", {"lease": "worker-1", "limit": 1}),
    Step("acknowledge", "/v1/consumers/mailer/acknowledge", {"lease": "worker-1", "seq": 6}),
    Step("rewind_consumer", "/v1/consumers/mailer/rewind", {"seq": 1}),
    Step("delete_consumer", "/v1/consumers/mailer"),
    Step("delete_webhook", "/v1/webhooks/1"),
    Step("create_key", "/v1/keys", {"scope": "write"}),
    Step("list_keys", "/v1/keys?limit=2"),
    Step("revoke_key", "/v1/keys/2"),
    Step("healthz", "/healthz"),
    Step("readyz", "/readyz"),
    Step("read_metrics", "/metrics"),
]
BY_OPERATION = {route.handler.__name__: route for route in ROUTES}

# What differs from run to run, and what stands for it.
HASH = "qTtMEWPgSe4GzkbKGzQ9DQyPQqCqDqYBZ8HEBIOIxH8="
FIXED = [
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)", "2026-01-31T12:00:00.000000Z"),
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "0198c2a4-6a5e-7c1d-9e3b-5f2d8c1a7b60"),
    (r"whsec_[A-Za-z0-9+/=]+", "whsec_S2V5cyBhcmUgc2hvd24gdGhpcyBvbmNlIG9ubHkuLi4="),
    (r'"key":"zs_[A-Za-z0-9_-]+"', '"key":"zs_mZl3vWc0bq7cOqk9sQw2dTn4uYhXrP1f"'),
    (r'"hint":"zs_[A-Za-z0-9_-]+"', '"hint":"zs_mZl3"'),
    (r'(?<=")[A-Za-z0-9+/]{43}=(?=")', HASH),
    (r'"duration_ms":\d+', '"duration_ms":112'),
]


async def tell(
    client: httpx.AsyncClient, prepare: Callable[[str], Awaitable[None]]
) -> dict[str, dict[str, Any]]:
    """Send every request, and return for each operation its example: path, key, body, status and
    answer.

    prepare: does what a step's `before` asks of the database. An answer that is no JSON is left
    out.
    """
    told: dict[str, dict[str, Any]] = {}
    for step in STORY:
        if step.before is not None:
            await prepare(step.before)
        route = BY_OPERATION[step.operation]
        answer = await send(client, route, step)
        assert answer.status_code in route.answers, (step, answer.status_code, answer.text)
        if step.shown:
            told[step.operation] = example(step, answer)
    missing = BY_OPERATION.keys() - told.keys()
    assert not missing, missing
    return told


async def send(client: httpx.AsyncClient, route: Route, step: Step) -> httpx.Response:
    headers = {} if step.key is None else {"Idempotency-Key": step.key}
    return await client.request(route.method, step.path, json=step.body, headers=headers)


def example(step: Step, answer: httpx.Response) -> dict[str, Any]:
    told: dict[str, Any] = {"path": step.path}
    if step.key is not None:
        told["key"] = step.key
    if step.body is not None:
        told["body"] = step.body
    told["status"] = answer.status_code
    if answer.headers.get("content-type", "").startswith("application/json"):
        told["answer"] = json.loads(fixed(answer.text))
    return told


def fixed(text: str) -> str:
    for pattern, stands in FIXED:
        text = re.sub(pattern, stands, text)
    return text
