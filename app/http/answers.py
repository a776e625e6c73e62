"""The bodies of answers, for OpenAPI. SQL spells them; a test compares what it answers with these
types."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta, Struct, defstruct

from app.webhook_secret import Signing

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
    """A hold as it is placed. If it has several assets, the amounts are null and its postings have
    them."""

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
    """A capture or a void, with the hold as it leaves it."""

    kind: Literal["capture", "void"]
    hold: HoldState


class ForcedWallet(Struct, kw_only=True):
    wallet: str
    floor_debt: Whole


class ReversalTransaction(AnyTransaction, kw_only=True):
    """A reversal, with the transaction that it reverses and the wallets that it took below their
    floor."""

    kind: Literal["reversal"]
    reverses: int
    forced: list[ForcedWallet]


class ReadTransaction(AnyTransaction, kw_only=True):
    """A transaction of any kind, with the members of that kind."""

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
    """A hold as it is now, with its last 100 captures and its void."""

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
    """One transaction's result: what it alone would have been answered."""

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
    """The sum of all wallets of an asset, which is zero, and how many wallets and entries make it."""

    asset: str
    sum: Whole
    held: Whole
    wallets: int
    entries: int


class LogState(Struct, kw_only=True):
    """The transparency log of the ledger's events: name, key, size and root."""

    origin: str | None
    vkey: str | None
    size: int
    root: str


class Verification(Struct, kw_only=True):
    """When `zerosum verify` last derived the ledger again, up to which event, and how many faults it
    found."""

    at: datetime
    seq: int
    faults: int


class Proof(Struct, kw_only=True):
    ledger: str
    assets: list[AssetProof]
    entries: int
    log: LogState
    verified: Verification | None


class Inclusion(Struct, kw_only=True):
    """The hashes of an inclusion proof, the sibling of the event's leaf first."""

    seq: int
    size: int
    hashes: list[str]


class Consistency(Struct, kw_only=True):
    """The hashes of a consistency proof, as in RFC 6962, section 2.1.2."""

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
    """The data of an event `ledger.checkpoint`."""

    origin: str
    size: int
    root: str
    checkpoint: str


class Skipped(Struct, kw_only=True):
    """The data of an event `ledger.skipped`: nothing."""


class Restored(Struct, kw_only=True):
    """The data of an event `ledger.restored`."""

    kept_seq: int
    log_number: int


class Webhook(Struct, kw_only=True):
    id: int
    url: str
    types: list[str]
    wallets: list[str]
    kinds: list[str]
    header_names: list[str]
    amounts: Literal["integer", "string"]
    timeout_s: int
    concurrency: int
    rate_limit: str | None
    ordered: bool
    signing: Signing
    public_keys: list[str]
    old_secrets_expire_at: datetime | None
    status: Literal["enabled", "disabled"]
    disabled_reason: str | None
    failing_since: datetime | None
    description: str | None
    metadata: Metadata
    created_at: datetime


class NewWebhook(Webhook, kw_only=True):
    secret: str | None


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


class Consumer(Struct, kw_only=True):
    name: str
    types: list[str]
    wallets: list[str]
    kinds: list[str]
    acknowledged_seq: int
    behind: int
    leased_until: datetime | None
    created_at: datetime


class LeasedPage(Struct, kw_only=True):
    """Events that this reader has until it acknowledges them or the lease ends."""

    data: list[Event]
    lease: str | None
    leased_until: datetime | None


class Replay(Struct, kw_only=True):
    number: int
    endpoint: int
    source: int
    after_seq: int
    upto_seq: int
    types: list[str]
    status: Literal["delivered", "dead", "dismissed"] | None
    state: Literal["running", "done", "cancelled"]
    read_seq: int
    replayed: int
    created_at: datetime
    finished_at: datetime | None


class ReplayCount(Struct, kw_only=True):
    events: int
    complete: bool


class Dismissed(Struct, kw_only=True):
    dismissed: int
    more: bool


class Attempt(Struct, kw_only=True):
    at: datetime
    duration_ms: int
    status: int | None
    error: str | None
    address: str | None
    answer: str | None


class Delivery(Struct, kw_only=True):
    seq: int
    event_id: UUID
    type: str
    status: Literal["pending", "delivered", "dead", "dismissed"]
    attempts: list[Attempt]
    due_at: datetime | None


class Resent(Struct, kw_only=True):
    status: Literal["pending"]


class Tested(Struct, kw_only=True):
    status: Literal["pending"]
    event_id: UUID


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


class ReplicaHealth(Struct, kw_only=True):
    replica: int
    state: Literal["ok", "lagging", "away", "promoted"]
    lag_s: float | None


class Health(Struct, kw_only=True):
    status: Literal["ok", "unavailable"]
    database: str | None = None
    relay: Literal["ok", "behind"] | None = None
    sinks: list[SinkHealth] = []
    replicas: list[ReplicaHealth] = []


class Problem(Struct, kw_only=True):
    """A problem body of RFC 9457. Its code decides which further members it has, such as `wallet`
    and `available`."""

    type: str
    title: str
    status: int
    code: str
    detail: str


def list_of(item: type[Struct]) -> type[Struct]:
    """Return the type of a page of such items."""
    members: list[tuple[str, Any]] = [("data", list[item]), ("next", str | None)]  # type: ignore[valid-type]
    return defstruct(f"{item.__name__}List", members, module=__name__, kw_only=True)


TransactionList = list_of(ReadTransaction)
HoldList = list_of(Hold)
WalletList = list_of(Wallet)
EntryList = list_of(Entry)
AssetList = list_of(Asset)


class EventList(Struct, kw_only=True):
    """A page of the feed."""

    data: list[Event]
    next: str | None
    read_to: int


WebhookList = list_of(Webhook)
SinkList = list_of(Sink)
ConsumerList = list_of(Consumer)
ReplayList = list_of(Replay)
DeliveryList = list_of(Delivery)
KeyList = list_of(Key)
