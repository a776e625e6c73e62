"""Every route of the API in one table. Routing, the checks before a handler, OpenAPI and the
reference are made from it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from starlette.responses import Response

from app.http import answers, bodies
from app.http.handlers import (
    assets,
    batches,
    consumers,
    events,
    holds,
    keys,
    observability,
    proof,
    replays,
    reversals,
    sinks,
    transactions,
    wallets,
    webhooks,
)
from app.http.read_body import BODY_LIMIT
from app.http.request import ApiRequest
from app.http.responses import BYTES, STREAM, TEXT

Handler = Callable[[ApiRequest[Any]], Awaitable[Response]]
Scope = Literal["read", "write", "admin"]
Schemas = dict[str, dict[str, Any]]
PLACE = re.compile(r"{(\w+)(:number|:path)?}")  # in a path


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """What a request needs, and what it is answered. Its handler gets it once all of that was
    checked.

    handler: its name is the operation's id, the first line of its docstring the summary.
    answers: the body of each status of success.
    scope: what the API key must allow; None: no key is looked at.
    open: the route may be asked without a key too, and with any query.
    body: the body's type as documented. reads: the type as decoded, where that is another one.
    body_limit: in bytes.
    query: the JSON schema of each parameter. required: those that must be given.
    filters: metadata.KEY=VALUE may be given.
    keyed: the route takes an Idempotency-Key of at most longest_key characters.
    resumable: the route takes a Last-Event-ID.
    """

    method: str
    path: str
    handler: Handler
    answers: dict[int, Any]
    scope: Scope | None
    open: bool = False
    body: type | None = None
    reads: type | None = None
    body_limit: int = BODY_LIMIT
    query: Schemas = field(default_factory=dict)
    required: tuple[str, ...] = ()
    filters: bool = False
    keyed: bool = False
    resumable: bool = False
    longest_key: int = 255


LIMIT: Schemas = {"limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}}
NUMBER: dict[str, Any] = {"type": "integer", "minimum": 1, "maximum": bodies.MAX_ID}
FROM_ZERO: dict[str, Any] = {**NUMBER, "minimum": 0}
NEWEST_FIRST: Schemas = {**LIMIT, "after": NUMBER}
ASCENDING: Schemas = {**LIMIT, "after": {**FROM_ZERO, "default": 0}}
BY_WALLET: Schemas = {
    **LIMIT,
    "after": {"type": "string", "pattern": bodies.WALLET_ID},
    "prefix": {"type": "string", "pattern": "^[A-Za-z0-9_.:@-]{0,128}$"},
}
BY_NAME: Schemas = {**LIMIT, "after": {"type": "string", "pattern": "^[A-Za-z0-9_.-]{1,128}$"}}
BY_CODE: Schemas = {**LIMIT, "after": {"type": "string", "pattern": "^[A-Za-z0-9_.-]{1,32}$"}}
DELIVERIES: Schemas = {
    **NEWEST_FIRST,
    "status": {"type": "string", "enum": ["pending", "delivered", "dead", "dismissed"]},
}
WANTED: Schemas = {
    "types": {"type": "string", "pattern": "^[a-z0-9_.*,]{1,2112}$", "default": "*"},
    "wallet": {"type": "string", "pattern": "^[A-Za-z0-9_.:@*,-]{1,4160}$", "default": "*"},
    "kind": {"type": "string", "pattern": "^[a-z*,]{1,352}$", "default": "*"},
}
FROM: Schemas = {"after": ASCENDING["after"], **WANTED}
FEED: Schemas = {
    **ASCENDING,
    **WANTED,
    "wait": {"type": "integer", "minimum": 0, "maximum": 20, "default": 0},
}
DRY_RUN: Schemas = {"dry_run": {"type": "boolean"}}


def get(path: str, handler: Handler, answer: Any, scope: Scope = "read", **more: Any) -> Route:
    return Route(
        method="GET", path=path, handler=handler, answers={200: answer}, scope=scope, **more
    )


def post(
    path: str, handler: Handler, answers: dict[int, Any], scope: Scope, body: type | None = None
) -> Route:
    return Route(method="POST", path=path, handler=handler, answers=answers, scope=scope, body=body)


def delete(path: str, handler: Handler) -> Route:
    return Route(method="DELETE", path=path, handler=handler, answers={204: None}, scope="admin")


def money(path: str, handler: Handler, body: type, answer: Any = answers.Transaction) -> Route:
    """Return the route of a request that moves or holds value: it takes an Idempotency-Key and a
    dry run."""
    return Route(
        method="POST",
        path=path,
        handler=handler,
        answers={201: answer},
        scope="write",
        body=body,
        query=DRY_RUN,
        keyed=True,
    )


TRANSACTIONS = [
    money("/v1/transfers", transactions.create_transfer, bodies.Transfer),
    money("/v1/credits", transactions.create_credit, bodies.Credit),
    money("/v1/debits", transactions.create_debit, bodies.Debit),
    money("/v1/transactions", transactions.create_transaction, bodies.TransactionRequest),
    Route(
        method="POST",
        path="/v1/transactions/batch",
        handler=batches.create_batch,
        answers={200: answers.BatchResults},
        scope="write",
        body=bodies.BatchRequest,
        reads=bodies.BatchEnvelope,
        body_limit=batches.BODY_LIMIT,
        query=DRY_RUN,
        keyed=True,
        longest_key=batches.LONGEST_KEY,
    ),
    get(
        "/v1/transactions",
        transactions.list_transactions,
        answers.TransactionList,
        query=NEWEST_FIRST,
    ),
    get("/v1/transactions/{id:number}", transactions.read_transaction, answers.ReadTransaction),
    money(
        "/v1/transactions/{id:number}/reverse",
        reversals.reverse_transaction,
        bodies.Reversal,
        answers.ReversalTransaction,
    ),
]

HOLDS = [
    money("/v1/holds", holds.create_hold, bodies.HoldRequest, answers.HoldTransaction),
    money(
        "/v1/holds/{id:number}/capture",
        holds.capture_hold,
        bodies.Capture,
        answers.CaptureTransaction,
    ),
    money("/v1/holds/{id:number}/void", holds.void_hold, bodies.Void, answers.CaptureTransaction),
    get("/v1/holds", holds.list_holds, answers.HoldList, query=NEWEST_FIRST),
    get("/v1/holds/{id:number}", holds.read_hold, answers.Hold),
]

WALLETS = [
    post(
        "/v1/wallets",
        wallets.create_wallet,
        {201: answers.Wallet, 200: answers.Wallet},
        "write",
        bodies.WalletRequest,
    ),
    get("/v1/wallets", wallets.list_wallets, answers.WalletList, query=BY_WALLET, filters=True),
    get("/v1/wallets/{id}", wallets.read_wallet, answers.Wallet),
    Route(
        method="PATCH",
        path="/v1/wallets/{id}",
        handler=wallets.change_wallet,
        answers={200: answers.Wallet},
        scope="write",
        body=bodies.WalletChange,
    ),
    post(
        "/v1/wallets/{id}/freeze",
        wallets.freeze_wallet,
        {200: answers.Wallet},
        "write",
        bodies.FreezeRequest,
    ),
    post("/v1/wallets/{id}/unfreeze", wallets.unfreeze_wallet, {200: answers.Wallet}, "write"),
    post("/v1/wallets/{id}/close", wallets.close_wallet, {200: answers.Wallet}, "write"),
    get("/v1/wallets/{id}/entries", wallets.list_entries, answers.EntryList, query=NEWEST_FIRST),
]

ASSETS = [
    post(
        "/v1/assets",
        assets.create_asset,
        {201: answers.Asset, 200: answers.Asset},
        "admin",
        bodies.AssetRequest,
    ),
    get("/v1/assets", assets.list_assets, answers.AssetList, query=BY_CODE),
]

EVENTS = [
    get("/v1/events", events.list_events, answers.EventList, query=FEED),
    get("/v1/events/stream", events.stream_events, STREAM, query=FROM, resumable=True),
]

PROOF = [
    get("/v1/proof", proof.read_proof, answers.Proof),
    get("/v1/proof/checkpoint", proof.read_checkpoint, TEXT),
    get("/v1/proof/events/{seq:number}", proof.read_event_proof, TEXT),
    get(
        "/v1/proof/inclusion",
        proof.read_inclusion,
        answers.Inclusion,
        query={"seq": NUMBER, "size": NUMBER},
        required=("seq",),
    ),
    get(
        "/v1/proof/consistency",
        proof.read_consistency,
        answers.Consistency,
        query={"old_size": FROM_ZERO, "size": FROM_ZERO},
        required=("old_size",),
    ),
    get("/v1/proof/tile/{level:number}/{tile:path}", proof.read_tile, BYTES),
    get("/v1/proof/tile/entries/{tile:path}", proof.read_entries, BYTES),
]

WEBHOOKS = [
    post(
        "/v1/webhooks",
        webhooks.create_webhook,
        {201: answers.NewWebhook},
        "admin",
        bodies.WebhookRequest,
    ),
    get("/v1/webhooks", webhooks.list_webhooks, answers.WebhookList, query=ASCENDING),
    get("/v1/webhooks/{id:number}", webhooks.read_webhook, answers.Webhook),
    Route(
        method="PATCH",
        path="/v1/webhooks/{id:number}",
        handler=webhooks.change_webhook,
        answers={200: answers.Webhook},
        scope="admin",
        body=bodies.WebhookChange,
    ),
    delete("/v1/webhooks/{id:number}", webhooks.delete_webhook),
    post(
        "/v1/webhooks/{id:number}/enable",
        webhooks.enable_webhook,
        {200: answers.Webhook},
        "admin",
    ),
    post(
        "/v1/webhooks/{id:number}/disable",
        webhooks.disable_webhook,
        {200: answers.Webhook},
        "admin",
    ),
    post(
        "/v1/webhooks/{id:number}/rotate",
        webhooks.rotate_secret,
        {200: answers.NewWebhook},
        "admin",
        bodies.RotateRequest,
    ),
    post(
        "/v1/webhooks/{id:number}/test",
        webhooks.test_webhook,
        {202: answers.Tested},
        "write",
    ),
    get(
        "/v1/webhooks/{id:number}/deliveries",
        webhooks.list_deliveries,
        answers.DeliveryList,
        query=DELIVERIES,
    ),
    post(
        "/v1/webhooks/{id:number}/deliveries/{seq:number}/resend",
        webhooks.resend_delivery,
        {202: answers.Resent},
        "write",
    ),
    post(
        "/v1/webhooks/{id:number}/replays",
        replays.create_replay,
        {202: answers.Replay},
        "write",
        bodies.ReplayRequest,
    ),
    post(
        "/v1/webhooks/{id:number}/replays/count",
        replays.count_replay,
        {200: answers.ReplayCount},
        "read",
        bodies.ReplayRequest,
    ),
    get(
        "/v1/webhooks/{id:number}/replays",
        replays.list_replays,
        answers.ReplayList,
        query=NEWEST_FIRST,
    ),
    post(
        "/v1/webhooks/{id:number}/replays/{number:number}/cancel",
        replays.cancel_replay,
        {200: answers.Replay},
        "write",
    ),
    post(
        "/v1/webhooks/{id:number}/dismiss",
        replays.dismiss_deliveries,
        {200: answers.Dismissed},
        "write",
        bodies.DismissRequest,
    ),
]

SINKS = [
    post("/v1/sinks", sinks.create_sink, {201: answers.Sink}, "admin", bodies.SinkRequest),
    get("/v1/sinks", sinks.list_sinks, answers.SinkList, query=ASCENDING),
    get("/v1/sinks/{id:number}", sinks.read_sink, answers.Sink),
    delete("/v1/sinks/{id:number}", sinks.remove_sink),
    post("/v1/sinks/{id:number}/pause", sinks.pause_sink, {200: answers.Sink}, "admin"),
    post("/v1/sinks/{id:number}/resume", sinks.resume_sink, {200: answers.Sink}, "admin"),
    post(
        "/v1/sinks/{id:number}/rewind",
        sinks.rewind_sink,
        {200: answers.Sink},
        "admin",
        bodies.RewindRequest,
    ),
]

CONSUMERS = [
    Route(
        method="PUT",
        path="/v1/consumers/{name}",
        handler=consumers.put_consumer,
        answers={201: answers.Consumer, 200: answers.Consumer},
        scope="admin",
        body=bodies.ConsumerRequest,
    ),
    get("/v1/consumers", consumers.list_consumers, answers.ConsumerList, query=BY_NAME),
    get("/v1/consumers/{name}", consumers.read_consumer, answers.Consumer),
    delete("/v1/consumers/{name}", consumers.delete_consumer),
    post(
        "/v1/consumers/{name}/lease",
        consumers.lease_page,
        {200: answers.LeasedPage},
        "write",
        bodies.PageRequest,
    ),
    post(
        "/v1/consumers/{name}/acknowledge",
        consumers.acknowledge,
        {200: answers.Consumer},
        "write",
        bodies.AcknowledgeRequest,
    ),
    post(
        "/v1/consumers/{name}/rewind",
        consumers.rewind_consumer,
        {200: answers.Consumer},
        "admin",
        bodies.RewindRequest,
    ),
]

KEYS = [
    post("/v1/keys", keys.create_key, {201: answers.NewKey}, "admin", bodies.KeyRequest),
    get("/v1/keys", keys.list_keys, answers.KeyList, "admin", query=ASCENDING),
    delete("/v1/keys/{id:number}", keys.revoke_key),
]

HEALTH = [
    Route(
        method="GET",
        path="/healthz",
        handler=observability.healthz,
        answers={200: answers.Health},
        scope=None,
    ),
    Route(
        method="GET",
        path="/readyz",
        handler=observability.readyz,
        answers={200: answers.Health, 503: answers.Health},
        scope="read",
        open=True,
    ),
    get("/metrics", observability.read_metrics, TEXT, open=True),
]

# The API's sections in the order of the documentation, each with what it is about.
SECTIONS: dict[str, tuple[str, list[Route]]] = {
    "Transactions": ("Move value between wallets, and read what was moved.", TRANSACTIONS),
    "Holds": ("Reserve value now, capture or release it later.", HOLDS),
    "Wallets": ("Create wallets, read their balances, change their limits and status.", WALLETS),
    "Assets": ("What wallets hold: a code and the number of decimal places.", ASSETS),
    "Events": ("The feed: every event of the ledger, in order.", EVENTS),
    "Proof": ("The trial balance, and the transparency log that anyone can check.", PROOF),
    "Webhooks": ("Endpoints that events are sent to, and their deliveries.", WEBHOOKS),
    "Sinks": ("Kafka, SQS and Redis Streams that the whole feed is carried to.", SINKS),
    "Consumers": (
        "Workers that read the feed page by page, with a cursor that is kept here.",
        CONSUMERS,
    ),
    "Keys": ("API keys of the ledger.", KEYS),
    "Health": ("For load balancers and monitoring.", HEALTH),
}
ROUTES = [route for _, routes in SECTIONS.values() for route in routes]
