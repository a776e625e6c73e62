"""Every operation of the API in one table: routing, what is checked first, and OpenAPI are made from it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from app.http import answer_bodies, request_bodies
from app.http.handlers import (
    assets,
    batches,
    events,
    holds,
    keys,
    observability,
    proof,
    reversals,
    sinks,
    transactions,
    wallets,
    webhooks,
)

Handler = Callable[[Request], Awaitable[Response]]
TEXT = "text/plain"
BYTES = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Operation:
    """answers: what each status of success has as its body. The first line of the handler's docstring is the summary.

    scope: what the API key must allow; None needs no key. query: parameters with their JSON schemas.
    """

    method: str
    path: str
    handler: Handler
    answers: dict[int, Any]
    scope: str | None = "read"
    body: type | None = None
    query: dict[str, dict[str, Any]] = field(default_factory=dict)
    required: tuple[str, ...] = ()  # of the query
    filters: bool = False  # metadata.KEY=VALUE may be in the query
    keyed: bool = False  # takes an Idempotency-Key


LIMIT: dict[str, dict[str, Any]] = {
    "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}
}
NUMBER: dict[str, Any] = {"type": "integer", "minimum": 1, "maximum": request_bodies.MAX_ID}
BY_NUMBER = {**LIMIT, "after": NUMBER}
BY_ID = {**LIMIT, "after": {"type": "string", "pattern": request_bodies.WALLET_ID}}
FROM_ZERO = {**LIMIT, "after": {**NUMBER, "minimum": 0, "default": 0}}
DRY_RUN = {"dry_run": {"type": "boolean"}}


def money(
    path: str, handler: Handler, body: type, made: Any = answer_bodies.Transaction
) -> Operation:
    return Operation("POST", path, handler, {201: made}, "write", body, DRY_RUN, keyed=True)


OPERATIONS = [
    money("/v1/transfers", transactions.create_transfer, request_bodies.Transfer),
    money("/v1/credits", transactions.create_credit, request_bodies.Credit),
    money("/v1/debits", transactions.create_debit, request_bodies.Debit),
    money("/v1/transactions", transactions.create_transaction, request_bodies.TransactionRequest),
    Operation(
        *("POST", "/v1/transactions/batch", batches.create_batch),
        *({200: answer_bodies.BatchResults}, "write", request_bodies.BatchRequest),
        query=DRY_RUN,
        keyed=True,
    ),
    Operation(
        *("GET", "/v1/transactions", transactions.list_transactions),
        {200: answer_bodies.TransactionList},
        query=BY_NUMBER,
    ),
    Operation(
        *("GET", "/v1/transactions/{id:number}", transactions.read_transaction),
        {200: answer_bodies.ReadTransaction},
    ),
    money(
        "/v1/transactions/{id:number}/reverse",
        *(
            reversals.reverse_transaction,
            request_bodies.Reversal,
            answer_bodies.ReversalTransaction,
        ),
    ),
    money(
        "/v1/holds", holds.create_hold, request_bodies.HoldRequest, answer_bodies.HoldTransaction
    ),
    money(
        "/v1/holds/{id:number}/capture",
        *(holds.capture_hold, request_bodies.Capture, answer_bodies.CaptureTransaction),
    ),
    money(
        "/v1/holds/{id:number}/void",
        *(holds.void_hold, request_bodies.Void, answer_bodies.CaptureTransaction),
    ),
    Operation("GET", "/v1/holds", holds.list_holds, {200: answer_bodies.HoldList}, query=BY_NUMBER),
    Operation("GET", "/v1/holds/{id:number}", holds.read_hold, {200: answer_bodies.Hold}),
    Operation(
        *("POST", "/v1/wallets", wallets.create_wallet),
        *(
            {201: answer_bodies.Wallet, 200: answer_bodies.Wallet},
            "write",
            request_bodies.WalletRequest,
        ),
    ),
    Operation(
        *("GET", "/v1/wallets", wallets.list_wallets),
        {200: answer_bodies.WalletList},
        query={**BY_ID, "prefix": {"type": "string", "pattern": "^[A-Za-z0-9_.:@-]{0,128}$"}},
        filters=True,
    ),
    Operation("GET", "/v1/wallets/{id}", wallets.read_wallet, {200: answer_bodies.Wallet}),
    Operation(
        *("PATCH", "/v1/wallets/{id}", wallets.change_wallet),
        *({200: answer_bodies.Wallet}, "write", request_bodies.WalletChange),
    ),
    Operation(
        *("POST", "/v1/wallets/{id}/freeze", wallets.freeze_wallet),
        *({200: answer_bodies.Wallet}, "write", request_bodies.FreezeRequest),
    ),
    Operation(
        *("POST", "/v1/wallets/{id}/unfreeze", wallets.unfreeze_wallet),
        *({200: answer_bodies.Wallet}, "write"),
    ),
    Operation(
        *("POST", "/v1/wallets/{id}/close", wallets.close_wallet),
        *({200: answer_bodies.Wallet}, "write"),
    ),
    Operation(
        *("GET", "/v1/wallets/{id}/entries", wallets.list_entries),
        {200: answer_bodies.EntryList},
        query=BY_NUMBER,
    ),
    Operation(
        *("POST", "/v1/assets", assets.create_asset),
        *(
            {201: answer_bodies.Asset, 200: answer_bodies.Asset},
            "admin",
            request_bodies.AssetRequest,
        ),
    ),
    Operation(
        *("GET", "/v1/assets", assets.list_assets),
        {200: answer_bodies.AssetList},
        query={**LIMIT, "after": {"type": "string", "pattern": "^[A-Za-z0-9_.-]{1,32}$"}},
    ),
    Operation(
        "GET", "/v1/events", events.list_events, {200: answer_bodies.EventList}, query=FROM_ZERO
    ),
    Operation("GET", "/v1/proof", proof.read_proof, {200: answer_bodies.Proof}),
    Operation("GET", "/v1/proof/checkpoint", proof.read_checkpoint, {200: TEXT}),
    Operation("GET", "/v1/proof/events/{seq:number}", proof.read_event_proof, {200: TEXT}),
    Operation(
        *("GET", "/v1/proof/inclusion", proof.read_inclusion),
        {200: answer_bodies.Inclusion},
        query={"seq": NUMBER, "size": NUMBER},
        required=("seq",),
    ),
    Operation(
        *("GET", "/v1/proof/consistency", proof.read_consistency),
        {200: answer_bodies.Consistency},
        query={"old_size": {**NUMBER, "minimum": 0}, "size": {**NUMBER, "minimum": 0}},
        required=("old_size",),
    ),
    Operation("GET", "/v1/proof/tile/{level:number}/{tile:path}", proof.read_tile, {200: BYTES}),
    Operation("GET", "/v1/proof/tile/entries/{tile:path}", proof.read_entries, {200: BYTES}),
    Operation(
        *("POST", "/v1/webhooks", webhooks.create_webhook),
        *({201: answer_bodies.NewWebhook}, "admin", request_bodies.WebhookRequest),
    ),
    Operation(
        "GET",
        "/v1/webhooks",
        webhooks.list_webhooks,
        {200: answer_bodies.WebhookList},
        query=FROM_ZERO,
    ),
    Operation(
        "GET", "/v1/webhooks/{id:number}", webhooks.read_webhook, {200: answer_bodies.Webhook}
    ),
    Operation("DELETE", "/v1/webhooks/{id:number}", webhooks.delete_webhook, {204: None}, "admin"),
    Operation(
        *("POST", "/v1/webhooks/{id:number}/enable", webhooks.enable_webhook),
        *({200: answer_bodies.Webhook}, "admin"),
    ),
    Operation(
        *("POST", "/v1/webhooks/{id:number}/disable", webhooks.disable_webhook),
        *({200: answer_bodies.Webhook}, "admin"),
    ),
    Operation(
        *("GET", "/v1/webhooks/{id:number}/deliveries", webhooks.list_deliveries),
        {200: answer_bodies.DeliveryList},
        query={
            **BY_NUMBER,
            "status": {"type": "string", "enum": ["pending", "delivered", "dead"]},
        },
    ),
    Operation(
        *(
            "POST",
            "/v1/webhooks/{id:number}/deliveries/{seq:number}/resend",
            webhooks.resend_delivery,
        ),
        *({202: answer_bodies.Resent}, "write"),
    ),
    Operation(
        *("POST", "/v1/sinks", sinks.create_sink),
        *({201: answer_bodies.Sink}, "admin", request_bodies.SinkRequest),
    ),
    Operation("GET", "/v1/sinks", sinks.list_sinks, {200: answer_bodies.SinkList}, query=FROM_ZERO),
    Operation("GET", "/v1/sinks/{id:number}", sinks.read_sink, {200: answer_bodies.Sink}),
    Operation("DELETE", "/v1/sinks/{id:number}", sinks.remove_sink, {204: None}, "admin"),
    Operation(
        "POST", "/v1/sinks/{id:number}/pause", sinks.pause_sink, {200: answer_bodies.Sink}, "admin"
    ),
    Operation(
        "POST",
        "/v1/sinks/{id:number}/resume",
        sinks.resume_sink,
        {200: answer_bodies.Sink},
        "admin",
    ),
    Operation(
        *("POST", "/v1/sinks/{id:number}/rewind", sinks.rewind_sink),
        *({200: answer_bodies.Sink}, "admin", request_bodies.RewindRequest),
    ),
    Operation(
        *("POST", "/v1/keys", keys.create_key),
        *({201: answer_bodies.NewKey}, "admin", request_bodies.KeyRequest),
    ),
    Operation(
        "GET", "/v1/keys", keys.list_keys, {200: answer_bodies.KeyList}, "admin", query=FROM_ZERO
    ),
    Operation("DELETE", "/v1/keys/{id:number}", keys.revoke_key, {204: None}, "admin"),
    Operation("GET", "/healthz", observability.healthz, {200: answer_bodies.Health}, None),
    Operation(
        "GET",
        "/readyz",
        observability.readyz,
        {200: answer_bodies.Health, 503: answer_bodies.Health},
        None,
    ),
    Operation("GET", "/metrics", observability.read_metrics, {200: TEXT}, None),
]
