"""The shapes of answers, for OpenAPI. SQL spells the bodies; a test holds them against these."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta, Struct

Whole = Annotated[
    int | str, Meta(description="An integer; a string if Zerosum-Amounts asks for it.")
]
Metadata = dict[str, Any]


class Posting(Struct, kw_only=True):
    source: str
    destination: str
    amount: Whole
    asset: str


class TransactionEntry(Struct, kw_only=True):
    wallet: str
    amount: Whole
    balance: Whole
    version: int


class Transaction(Struct, kw_only=True):
    id: int
    kind: Literal["transfer", "credit", "debit", "transaction"]
    postings: list[Posting]
    entries: list[TransactionEntry]
    reference: str | None
    description: str | None
    metadata: Metadata
    effective_at: datetime
    recorded_at: datetime
    idempotency_key: str | None


class Wallet(Struct, kw_only=True):
    id: str
    asset: str
    posted: Whole
    held: Whole
    available: Whole
    min_balance: Whole | None
    max_balance: Whole | None
    metadata: Metadata
    version: int
    status: Literal["open", "frozen", "closed"]
    created_at: datetime


class Entry(Struct, kw_only=True):
    version: int
    transaction: int
    posting: int
    asset: str
    amount: Whole
    balance: Whole
    recorded_at: datetime


class Asset(Struct, kw_only=True):
    code: str
    scale: int


class Event(Struct, kw_only=True):
    id: UUID
    type: str
    seq: int
    ledger: str
    timestamp: datetime
    data: dict[str, Any]


class Webhook(Struct, kw_only=True):
    id: int
    url: str
    types: list[str]
    status: Literal["enabled", "disabled"]
    disabled_reason: str | None
    created_at: datetime


class NewWebhook(Webhook, kw_only=True):
    secret: str


class Attempt(Struct, kw_only=True):
    at: datetime
    duration_ms: int
    status: int | None
    error: str | None


class Delivery(Struct, kw_only=True):
    seq: int
    event_id: UUID
    type: str
    status: Literal["pending", "delivered", "dead"]
    attempts: list[Attempt]
    due_at: datetime | None


class Resent(Struct, kw_only=True):
    status: Literal["pending"]


class Key(Struct, kw_only=True):
    id: int
    scope: Literal["read", "write", "admin"]
    hint: str
    created_at: datetime
    revoked_at: datetime | None


class NewKey(Key, kw_only=True):
    key: str


class Health(Struct, kw_only=True):
    status: Literal["ok", "unavailable"]
    database: str | None = None


class Problem(Struct, kw_only=True):
    """RFC 9457. What more there is depends on the code: `wallet`, `available`, …"""

    type: str
    title: str
    status: int
    code: str
    detail: str


class TransactionList(Struct, kw_only=True):
    data: list[Transaction]
    next: str | None


class WalletList(Struct, kw_only=True):
    data: list[Wallet]
    next: str | None


class EntryList(Struct, kw_only=True):
    data: list[Entry]
    next: str | None


class AssetList(Struct, kw_only=True):
    data: list[Asset]
    next: str | None


class EventList(Struct, kw_only=True):
    data: list[Event]
    next: str | None


class WebhookList(Struct, kw_only=True):
    data: list[Webhook]
    next: str | None


class DeliveryList(Struct, kw_only=True):
    data: list[Delivery]
    next: str | None


class KeyList(Struct, kw_only=True):
    data: list[Key]
    next: str | None
