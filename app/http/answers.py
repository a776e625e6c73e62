"""The shapes of answers, for OpenAPI. SQL spells the bodies; a test holds them against these."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta, Struct, defstruct

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


class AnyTransaction(Struct, kw_only=True):
    id: int
    postings: list[Posting]
    entries: list[TransactionEntry]
    reference: str | None
    description: str | None
    metadata: Metadata
    effective_at: datetime
    recorded_at: datetime
    idempotency_key: str | None


class Transaction(AnyTransaction, kw_only=True):
    kind: Literal["transfer", "credit", "debit", "transaction"]


HoldStatus = Literal["pending", "captured", "voided", "expired"]


class HoldTransaction(AnyTransaction, kw_only=True):
    """A hold as it is placed; of several assets the amounts are null, their postings tell them."""

    kind: Literal["hold"]
    status: Literal["pending"]
    amount: Whole | None
    captured: Whole | None
    remaining: Whole | None
    expires_at: datetime | None


class HoldState(Struct, kw_only=True):
    id: int
    status: HoldStatus
    amount: Whole | None
    captured: Whole | None
    remaining: Whole | None


class CaptureTransaction(AnyTransaction, kw_only=True):
    """hold: as this leaves it."""

    kind: Literal["capture", "void"]
    hold: HoldState


class ForcedWallet(Struct, kw_only=True):
    wallet: str
    floor_debt: Whole


class ReversalTransaction(AnyTransaction, kw_only=True):
    """reverses: the transaction. forced: the wallets that it took below their min_balance, and how far."""

    kind: Literal["reversal"]
    reverses: int
    forced: list[ForcedWallet]


class ReadTransaction(AnyTransaction, kw_only=True):
    """Of any kind, with what that kind has."""

    kind: Literal[
        "transfer", "credit", "debit", "transaction", "hold", "capture", "void", "reversal"
    ]
    status: HoldStatus | None = None
    amount: Whole | None = None
    captured: Whole | None = None
    remaining: Whole | None = None
    expires_at: datetime | None = None
    hold: HoldState | None = None
    reverses: int | None = None
    forced: list[ForcedWallet] = []
    reversed_by: list[int] = []


class HoldPosting(Posting, kw_only=True):
    captured: Whole
    remaining: Whole


class Hold(HoldState, kw_only=True):
    """transactions: the last 100 captures of it, and its void."""

    expires_at: datetime | None
    postings: list[HoldPosting]
    transactions: list[int]
    reference: str | None
    description: str | None
    metadata: Metadata
    effective_at: datetime
    recorded_at: datetime
    idempotency_key: str | None


class BatchResult(Struct, kw_only=True):
    """status: what the request alone would have been answered."""

    status: int
    replayed: bool | None = None
    transaction: Transaction | None = None
    error: Problem | None = None


class BatchResults(Struct, kw_only=True):
    results: list[BatchResult]


class Wallet(Struct, kw_only=True):
    id: str
    asset: str
    posted: Whole
    held: Whole
    available: Whole
    min_balance: Whole | None
    max_balance: Whole | None
    floor_debt: Whole
    metadata: Metadata
    version: int
    status: Literal["open", "frozen", "closed"]
    credits_while_frozen: bool
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


class AssetProof(Struct, kw_only=True):
    """sum: over all wallets, zero. entries: how many make it."""

    asset: str
    sum: Whole
    held: Whole
    wallets: int
    entries: int


class LogState(Struct, kw_only=True):
    """root: of the RFC 6962 tree over the ledger's events, base64. vkey: the C2SP key that signs its checkpoints."""

    origin: str | None
    vkey: str | None
    size: int
    root: str


class Proof(Struct, kw_only=True):
    ledger: str
    assets: list[AssetProof]
    entries: int
    log: LogState


class Inclusion(Struct, kw_only=True):
    """hashes: base64, the sibling of the event's leaf first."""

    seq: int
    size: int
    hashes: list[str]


class Consistency(Struct, kw_only=True):
    """hashes: base64, as in RFC 6962, section 2.1.2."""

    old_size: int
    size: int
    hashes: list[str]


class Event(Struct, kw_only=True):
    id: UUID
    type: str
    seq: int
    ledger: str
    timestamp: datetime
    data: dict[str, Any]


class Checkpoint(Struct, kw_only=True):
    """Of the event `ledger.checkpoint`."""

    origin: str
    size: int
    root: str
    checkpoint: str


class Webhook(Struct, kw_only=True):
    id: int
    url: str
    types: list[str]
    status: Literal["enabled", "disabled"]
    disabled_reason: str | None
    created_at: datetime


class NewWebhook(Webhook, kw_only=True):
    secret: str


class Sink(Struct, kw_only=True):
    id: int
    name: str
    types: list[str]
    state: Literal["ok", "retrying", "paused"]
    sent_seq: int
    behind: int
    error: str | None
    failed_at: datetime | None
    created_at: datetime


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


class SinkHealth(Struct, kw_only=True):
    ledger: str
    name: str
    state: Literal["ok", "retrying", "paused"]
    behind: int


class Health(Struct, kw_only=True):
    status: Literal["ok", "unavailable"]
    database: str | None = None
    relay: Literal["ok", "behind"] | None = None
    sinks: list[SinkHealth] = []


class Problem(Struct, kw_only=True):
    """RFC 9457. What more there is depends on the code: `wallet`, `available`, …"""

    type: str
    title: str
    status: int
    code: str
    detail: str


def list_of(item: type[Struct]) -> type[Struct]:
    """The shape of a page; `next` is the `after` of the one after it, null at the end."""
    members: list[tuple[str, Any]] = [("data", list[item]), ("next", str | None)]  # type: ignore[valid-type]
    return defstruct(f"{item.__name__}List", members, module=__name__, kw_only=True)


TransactionList = list_of(ReadTransaction)
HoldList = list_of(Hold)
WalletList = list_of(Wallet)
EntryList = list_of(Entry)
AssetList = list_of(Asset)
EventList = list_of(Event)
WebhookList = list_of(Webhook)
SinkList = list_of(Sink)
DeliveryList = list_of(Delivery)
KeyList = list_of(Key)
