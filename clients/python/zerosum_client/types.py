"""The bodies of requests and answers, in the API's field names.

Generated from the API's OpenAPI document: make clients. Do not edit."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict


class AcknowledgeRequest(TypedDict):
    """AcknowledgeRequest"""

    lease: str
    seq: int | None


class Asset(TypedDict):
    """Asset"""

    code: str
    scale: int


class AssetList(TypedDict):
    """AssetList"""

    data: list[Asset]
    next: str | None


class AssetProof(TypedDict):
    """The sum of all wallets of an asset, which is zero, and how many wallets and entries make it."""

    asset: str
    sum: int
    held: int
    wallets: int
    entries: int


class AssetRequest(TypedDict):
    """AssetRequest"""

    code: str
    scale: int


class Attempt(TypedDict):
    """Attempt"""

    at: str
    duration_ms: int
    status: int | None
    error: str | None
    address: str | None
    answer: str | None


BatchItem = TypedDict(
    "BatchItem",
    {
        "reference": "NotRequired[str | None]",
        "description": "NotRequired[str | None]",
        "metadata": "NotRequired[dict[str, Any]]",
        "effective_at": "NotRequired[str | None]",
        "if": "NotRequired[list[Condition] | None]",
        "postings": "list[PostingRequest]",
        "idempotency_key": "NotRequired[str | None]",
    },
)


class BatchRequest(TypedDict):
    """BatchRequest"""

    transactions: list[BatchItem]
    mode: NotRequired[Literal["atomic", "independent"]]


class BatchResult(TypedDict):
    """One transaction's result: what it alone would have been answered."""

    status: int
    replayed: NotRequired[bool | None]
    transaction: NotRequired[Transaction | None]
    error: NotRequired[Problem | None]


class BatchResults(TypedDict):
    """BatchResults"""

    results: list[BatchResult]


Capture = TypedDict(
    "Capture",
    {
        "reference": "NotRequired[str | None]",
        "description": "NotRequired[str | None]",
        "metadata": "NotRequired[dict[str, Any]]",
        "effective_at": "NotRequired[str | None]",
        "if": "NotRequired[list[Condition] | None]",
        "amount": "NotRequired[int | str | None]",
        "destination": "NotRequired[str | None]",
        "postings": "NotRequired[list[CapturePart] | None]",
        "final": "NotRequired[bool]",
    },
)


class CapturePart(TypedDict):
    """CapturePart"""

    posting: int
    amount: NotRequired[int | str | None]
    destination: NotRequired[str | None]


class CaptureTransaction(TypedDict):
    """A capture or a void, with the hold as it leaves it."""

    id: int
    postings: list[Posting]
    entries: list[TransactionEntry]
    reference: str | None
    description: str | None
    metadata: dict[str, Any]
    effective_at: str
    recorded_at: str
    idempotency_key: str | None
    kind: Literal["capture", "void"]
    hold: HoldState


class Condition(TypedDict):
    """What must hold when the request is decided, or it is refused: a version, a minimum, or both."""

    wallet: str
    version: NotRequired[int]
    min_available_after: NotRequired[int | str]


class Consistency(TypedDict):
    """The hashes of a consistency proof, as in RFC 6962, section 2.1.2."""

    old_size: int
    size: int
    hashes: list[str]


class Consumer(TypedDict):
    """Consumer"""

    name: str
    types: list[str]
    wallets: list[str]
    kinds: list[str]
    acknowledged_seq: int
    behind: int
    leased_until: str | None
    created_at: str


class ConsumerList(TypedDict):
    """ConsumerList"""

    data: list[Consumer]
    next: str | None


class ConsumerRequest(TypedDict):
    """ConsumerRequest"""

    types: NotRequired[list[str]]
    wallets: NotRequired[list[str]]
    kinds: NotRequired[
        list[
            Literal[
                "*",
                "transfer",
                "credit",
                "debit",
                "transaction",
                "hold",
                "capture",
                "void",
                "reversal",
            ]
        ]
    ]
    start: NotRequired[str]


Credit = TypedDict(
    "Credit",
    {
        "reference": "NotRequired[str | None]",
        "description": "NotRequired[str | None]",
        "metadata": "NotRequired[dict[str, Any]]",
        "effective_at": "NotRequired[str | None]",
        "if": "NotRequired[list[Condition] | None]",
        "wallet": "str",
        "amount": "int | str",
        "source": "NotRequired[str]",
    },
)


Debit = TypedDict(
    "Debit",
    {
        "reference": "NotRequired[str | None]",
        "description": "NotRequired[str | None]",
        "metadata": "NotRequired[dict[str, Any]]",
        "effective_at": "NotRequired[str | None]",
        "if": "NotRequired[list[Condition] | None]",
        "wallet": "str",
        "amount": "int | str",
        "destination": "NotRequired[str]",
    },
)


class Delivery(TypedDict):
    """Delivery"""

    seq: int
    event_id: str
    type: str
    status: Literal["dead", "delivered", "dismissed", "pending"]
    attempts: list[Attempt]
    due_at: str | None


class DeliveryList(TypedDict):
    """DeliveryList"""

    data: list[Delivery]
    next: str | None


class DismissRequest(TypedDict):
    """DismissRequest"""

    after_seq: NotRequired[int]
    upto_seq: NotRequired[int]


class Dismissed(TypedDict):
    """Dismissed"""

    dismissed: int
    more: bool


class Entry(TypedDict):
    """Entry"""

    version: int
    transaction: int
    posting: int
    asset: str
    amount: int
    balance: int
    recorded_at: str


class EntryList(TypedDict):
    """EntryList"""

    data: list[Entry]
    next: str | None


class Event(TypedDict):
    """Event"""

    id: str
    type: str
    seq: int
    ledger: str
    timestamp: str
    data: dict[str, Any]


class EventList(TypedDict):
    """A page of the feed."""

    data: list[Event]
    next: str | None
    read_to: int


class ForcedWallet(TypedDict):
    """ForcedWallet"""

    wallet: str
    floor_debt: int


class FreezeRequest(TypedDict):
    """FreezeRequest"""

    credits: NotRequired[bool]


class Health(TypedDict):
    """Health"""

    status: Literal["ok", "unavailable"]
    database: NotRequired[str | None]
    relay: NotRequired[Literal["behind", "ok"] | None]
    sinks: NotRequired[list[SinkHealth]]
    replicas: NotRequired[list[ReplicaHealth]]


class Hold(TypedDict):
    """A hold as it is now, with its last 100 captures and its void."""

    id: int
    status: Literal["captured", "expired", "pending", "voided"]
    amount: int | None
    captured: int | None
    remaining: int | None
    expires_at: str | None
    postings: list[HoldPosting]
    transactions: list[int]
    reference: str | None
    description: str | None
    metadata: dict[str, Any]
    effective_at: str
    recorded_at: str
    idempotency_key: str | None


class HoldList(TypedDict):
    """HoldList"""

    data: list[Hold]
    next: str | None


class HoldPosting(TypedDict):
    """HoldPosting"""

    source: str
    destination: str
    amount: int
    asset: str
    captured: int
    remaining: int


HoldRequest = TypedDict(
    "HoldRequest",
    {
        "reference": "NotRequired[str | None]",
        "description": "NotRequired[str | None]",
        "metadata": "NotRequired[dict[str, Any]]",
        "effective_at": "NotRequired[str | None]",
        "if": "NotRequired[list[Condition] | None]",
        "source": "NotRequired[str | None]",
        "destination": "NotRequired[str | None]",
        "amount": "NotRequired[int | str | None]",
        "postings": "NotRequired[list[PostingRequest] | None]",
        "expires_at": "NotRequired[str | None]",
    },
)


class HoldState(TypedDict):
    """HoldState"""

    id: int
    status: Literal["captured", "expired", "pending", "voided"]
    amount: int | None
    captured: int | None
    remaining: int | None


class HoldTransaction(TypedDict):
    """A hold as it is placed. If it has several assets, the amounts are null and its postings have them."""

    id: int
    postings: list[Posting]
    entries: list[TransactionEntry]
    reference: str | None
    description: str | None
    metadata: dict[str, Any]
    effective_at: str
    recorded_at: str
    idempotency_key: str | None
    kind: Literal["hold"]
    status: Literal["pending"]
    amount: int | None
    captured: int | None
    remaining: int | None
    expires_at: str | None


class Inclusion(TypedDict):
    """The hashes of an inclusion proof, the sibling of the event's leaf first."""

    seq: int
    size: int
    hashes: list[str]


class Key(TypedDict):
    """Key"""

    id: int
    scope: Literal["admin", "read", "write"]
    hint: str
    created_at: str
    revoked_at: str | None


class KeyList(TypedDict):
    """KeyList"""

    data: list[Key]
    next: str | None


class KeyRequest(TypedDict):
    """KeyRequest"""

    scope: Literal["admin", "read", "write"]


class LeasedPage(TypedDict):
    """Events that this reader has until it acknowledges them or the lease ends."""

    data: list[Event]
    lease: str | None
    leased_until: str | None


class LogState(TypedDict):
    """The transparency log of the ledger's events: name, key, size and root."""

    origin: str | None
    vkey: str | None
    size: int
    root: str


class NewKey(TypedDict):
    """NewKey"""

    id: int
    scope: Literal["admin", "read", "write"]
    hint: str
    created_at: str
    revoked_at: str | None
    key: str


class NewWebhook(TypedDict):
    """NewWebhook"""

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
    signing: Literal["asymmetric", "symmetric"]
    public_keys: list[str]
    old_secrets_expire_at: str | None
    status: Literal["disabled", "enabled"]
    disabled_reason: str | None
    failing_since: str | None
    description: str | None
    metadata: dict[str, Any]
    created_at: str
    secret: str | None


class PageRequest(TypedDict):
    """PageRequest"""

    lease: NotRequired[str | None]
    limit: NotRequired[int]
    wait: NotRequired[int]
    lease_s: NotRequired[int]


class Part(TypedDict):
    """A part of one posting; without an amount, all that is left of it."""

    posting: int
    amount: NotRequired[int | str | None]


class Posting(TypedDict):
    """Posting"""

    source: str
    destination: str
    amount: int
    asset: str


class PostingRequest(TypedDict):
    """PostingRequest"""

    source: str
    destination: str
    amount: int | str


class Problem(TypedDict):
    """A problem body of RFC 9457. Its code decides which further members it has, such as `wallet` and `available`."""

    type: str
    title: str
    status: int
    code: str
    detail: str


class Proof(TypedDict):
    """Proof"""

    ledger: str
    assets: list[AssetProof]
    entries: int
    log: LogState
    verified: Verification | None


class ReadTransaction(TypedDict):
    """A transaction of any kind, with the members of that kind."""

    id: int
    postings: list[Posting]
    entries: list[TransactionEntry]
    reference: str | None
    description: str | None
    metadata: dict[str, Any]
    effective_at: str
    recorded_at: str
    idempotency_key: str | None
    kind: Literal[
        "capture", "credit", "debit", "hold", "reversal", "transaction", "transfer", "void"
    ]
    status: NotRequired[Literal["captured", "expired", "pending", "voided"] | None]
    amount: NotRequired[int | None]
    captured: NotRequired[int | None]
    remaining: NotRequired[int | None]
    expires_at: NotRequired[str | None]
    hold: NotRequired[HoldState | None]
    reverses: NotRequired[int | None]
    forced: NotRequired[list[ForcedWallet]]
    reversed_by: NotRequired[list[int]]


class ReadTransactionList(TypedDict):
    """ReadTransactionList"""

    data: list[ReadTransaction]
    next: str | None


class Replay(TypedDict):
    """Replay"""

    number: int
    endpoint: int
    source: int
    after_seq: int
    upto_seq: int
    types: list[str]
    status: Literal["dead", "delivered", "dismissed"] | None
    state: Literal["cancelled", "done", "running"]
    read_seq: int
    replayed: int
    created_at: str
    finished_at: str | None


class ReplayCount(TypedDict):
    """ReplayCount"""

    events: int
    complete: bool


class ReplayList(TypedDict):
    """ReplayList"""

    data: list[Replay]
    next: str | None


class ReplayRequest(TypedDict):
    """The range begins at `after_seq` or `since`, and ends at `upto_seq` or `until`."""

    after_seq: NotRequired[int | None]
    since: NotRequired[str | None]
    upto_seq: NotRequired[int | None]
    until: NotRequired[str | None]
    types: NotRequired[list[str]]
    status: NotRequired[Literal["dead", "delivered", "dismissed"] | None]
    source: NotRequired[int | None]


class ReplicaHealth(TypedDict):
    """ReplicaHealth"""

    replica: int
    state: Literal["away", "lagging", "ok", "promoted"]
    lag_s: float | None


class Resent(TypedDict):
    """Resent"""

    status: Literal["pending"]


Reversal = TypedDict(
    "Reversal",
    {
        "reference": "NotRequired[str | None]",
        "description": "NotRequired[str | None]",
        "metadata": "NotRequired[dict[str, Any]]",
        "effective_at": "NotRequired[str | None]",
        "if": "NotRequired[list[Condition] | None]",
        "amount": "NotRequired[int | str | None]",
        "postings": "NotRequired[list[Part] | None]",
        "force": "NotRequired[bool]",
    },
)


class ReversalTransaction(TypedDict):
    """A reversal, with the transaction that it reverses and the wallets that it took below their floor."""

    id: int
    postings: list[Posting]
    entries: list[TransactionEntry]
    reference: str | None
    description: str | None
    metadata: dict[str, Any]
    effective_at: str
    recorded_at: str
    idempotency_key: str | None
    kind: Literal["reversal"]
    reverses: int
    forced: list[ForcedWallet]


class RewindRequest(TypedDict):
    """RewindRequest"""

    seq: int


class RotateRequest(TypedDict):
    """RotateRequest"""

    secret: NotRequired[str | None]
    signing: NotRequired[Literal["asymmetric", "symmetric"] | None]
    overlap_s: NotRequired[int]


class Sink(TypedDict):
    """Sink"""

    id: int
    name: str
    types: list[str]
    state: Literal["ok", "paused", "retrying"]
    sent_seq: int
    behind: int
    error: str | None
    failed_at: str | None
    created_at: str


class SinkHealth(TypedDict):
    """SinkHealth"""

    ledger: str
    name: str
    state: Literal["ok", "paused", "retrying"]
    behind: int


class SinkList(TypedDict):
    """SinkList"""

    data: list[Sink]
    next: str | None


class SinkRequest(TypedDict):
    """SinkRequest"""

    url: str


class Tested(TypedDict):
    """Tested"""

    status: Literal["pending"]
    event_id: str


class Transaction(TypedDict):
    """Transaction"""

    id: int
    postings: list[Posting]
    entries: list[TransactionEntry]
    reference: str | None
    description: str | None
    metadata: dict[str, Any]
    effective_at: str
    recorded_at: str
    idempotency_key: str | None
    kind: Literal["credit", "debit", "transaction", "transfer"]


class TransactionEntry(TypedDict):
    """TransactionEntry"""

    wallet: str
    amount: int
    balance: int
    version: int


TransactionRequest = TypedDict(
    "TransactionRequest",
    {
        "reference": "NotRequired[str | None]",
        "description": "NotRequired[str | None]",
        "metadata": "NotRequired[dict[str, Any]]",
        "effective_at": "NotRequired[str | None]",
        "if": "NotRequired[list[Condition] | None]",
        "postings": "list[PostingRequest]",
    },
)


Transfer = TypedDict(
    "Transfer",
    {
        "reference": "NotRequired[str | None]",
        "description": "NotRequired[str | None]",
        "metadata": "NotRequired[dict[str, Any]]",
        "effective_at": "NotRequired[str | None]",
        "if": "NotRequired[list[Condition] | None]",
        "source": "str",
        "destination": "str",
        "amount": "int | str",
    },
)


class Verification(TypedDict):
    """When `zerosum verify` last derived the ledger again, up to which event, and how many faults it found."""

    at: str
    seq: int
    faults: int


Void = TypedDict(
    "Void",
    {
        "reference": "NotRequired[str | None]",
        "description": "NotRequired[str | None]",
        "metadata": "NotRequired[dict[str, Any]]",
        "effective_at": "NotRequired[str | None]",
        "if": "NotRequired[list[Condition] | None]",
    },
)


class Wallet(TypedDict):
    """Wallet"""

    id: str
    asset: str
    posted: int
    held: int
    available: int
    min_balance: int | None
    max_balance: int | None
    floor_debt: int
    metadata: dict[str, Any]
    version: int
    status: Literal["closed", "frozen", "open"]
    credits_while_frozen: bool
    created_at: str


class WalletChange(TypedDict):
    """A member that is not given stays as it is."""

    min_balance: NotRequired[int | str | None]
    max_balance: NotRequired[int | str | None]
    metadata: NotRequired[dict[str, Any]]


class WalletList(TypedDict):
    """WalletList"""

    data: list[Wallet]
    next: str | None


class WalletRequest(TypedDict):
    """WalletRequest"""

    asset: str
    id: NotRequired[str | None]
    min_balance: NotRequired[int | str | None]
    max_balance: NotRequired[int | str | None]
    metadata: NotRequired[dict[str, Any]]


class Webhook(TypedDict):
    """Webhook"""

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
    signing: Literal["asymmetric", "symmetric"]
    public_keys: list[str]
    old_secrets_expire_at: str | None
    status: Literal["disabled", "enabled"]
    disabled_reason: str | None
    failing_since: str | None
    description: str | None
    metadata: dict[str, Any]
    created_at: str


class WebhookChange(TypedDict):
    """A member that is not given stays as it is."""

    url: NotRequired[str]
    types: NotRequired[list[str]]
    wallets: NotRequired[list[str]]
    kinds: NotRequired[
        list[
            Literal[
                "*",
                "transfer",
                "credit",
                "debit",
                "transaction",
                "hold",
                "capture",
                "void",
                "reversal",
            ]
        ]
    ]
    headers: NotRequired[dict[str, Any]]
    amounts: NotRequired[Literal["integer", "string"]]
    timeout_s: NotRequired[int]
    concurrency: NotRequired[int]
    rate_limit: NotRequired[str | None]
    ordered: NotRequired[bool]
    description: NotRequired[str | None]
    metadata: NotRequired[dict[str, Any]]


class WebhookList(TypedDict):
    """WebhookList"""

    data: list[Webhook]
    next: str | None


class WebhookRequest(TypedDict):
    """WebhookRequest"""

    url: str
    types: NotRequired[list[str]]
    wallets: NotRequired[list[str]]
    kinds: NotRequired[
        list[
            Literal[
                "*",
                "transfer",
                "credit",
                "debit",
                "transaction",
                "hold",
                "capture",
                "void",
                "reversal",
            ]
        ]
    ]
    headers: NotRequired[dict[str, Any]]
    amounts: NotRequired[Literal["integer", "string"]]
    timeout_s: NotRequired[int]
    concurrency: NotRequired[int]
    rate_limit: NotRequired[str | None]
    ordered: NotRequired[bool]
    signing: NotRequired[Literal["asymmetric", "symmetric"]]
    secret: NotRequired[str | None]
    description: NotRequired[str | None]
    metadata: NotRequired[dict[str, Any]]
