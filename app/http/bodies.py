"""The bodies of requests. OpenAPI is generated from these types, and requests are decoded with
them."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Raw, Struct

from app.setting_values import RATE
from app.webhook_secret import Signing

MAX_ID = 2**63 - 1
EMPTY = Raw(b"{}")

# OpenAPI has what follows `extra_json_schema`. It is checked in parsing.py, where a wrong value has
# a code of its own.
Amount = Annotated[
    int | str,
    Meta(
        description="A whole number of the asset's smallest unit, as an integer or a string of digits.",
        extra_json_schema={
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": 10**38 - 1},
                {"type": "string", "pattern": "^[1-9][0-9]{0,37}$"},
            ]
        },
    ),
]
Limit = Annotated[
    int | str,
    Meta(
        description="A whole number of the asset's smallest unit.",
        extra_json_schema={
            "anyOf": [
                {"type": "integer", "minimum": 1 - 10**38, "maximum": 10**38 - 1},
                {"type": "string", "pattern": "^(0|-?[1-9][0-9]{0,37})$"},
            ]
        },
    ),
]
# "." and ".." are steps in a path to every client: no request would reach such a wallet.
WALLET_ID = r"^(?!\.\.?$)[A-Za-z0-9_.:@-]{1,128}$"
WalletId = Annotated[
    str,
    Meta(extra_json_schema={"pattern": WALLET_ID}, description="A wallet's id."),
]
Text = Annotated[
    str, Meta(description="At most 1,024 bytes.", extra_json_schema={"maxLength": 1024})
]
Timestamp = Annotated[
    str, Meta(description="RFC 3339 with an offset.", extra_json_schema={"format": "date-time"})
]
Metadata = Annotated[
    Raw,
    Meta(
        description="At most 16,384 bytes, nested at most 32 deep.",
        extra_json_schema={"type": "object"},
    ),
]


class Condition(Struct, forbid_unknown_fields=True):
    """What must hold when the request is decided, or it is refused: a version, a minimum, or both."""

    wallet: WalletId
    version: Annotated[int, Meta(ge=0, le=10**18 - 1)] | msgspec.UnsetType = msgspec.UNSET
    min_available_after: Limit | msgspec.UnsetType = msgspec.UNSET


class Details(Struct, kw_only=True, forbid_unknown_fields=True):
    """What every request that moves value may carry."""

    reference: Text | None = None
    description: Text | None = None
    metadata: Metadata = msgspec.field(default_factory=lambda: EMPTY)
    effective_at: Timestamp | None = None
    conditions: Annotated[list[Condition], Meta(min_length=1, max_length=100)] | None = (
        msgspec.field(default=None, name="if")
    )


class Credit(Details, kw_only=True):
    wallet: WalletId
    amount: Amount
    source: WalletId = "@world"


class Debit(Details, kw_only=True):
    wallet: WalletId
    amount: Amount
    destination: WalletId = "@world"


class Transfer(Details, kw_only=True):
    source: WalletId
    destination: WalletId
    amount: Amount


class PostingRequest(Struct, forbid_unknown_fields=True):
    source: WalletId
    destination: WalletId
    amount: Amount


class TransactionRequest(Details, kw_only=True):
    postings: Annotated[list[PostingRequest], Meta(min_length=1, max_length=100)]


class HoldRequest(Details, kw_only=True):
    """Either source, destination and amount, or postings."""

    source: WalletId | None = None
    destination: WalletId | None = None
    amount: Amount | None = None
    postings: Annotated[list[PostingRequest], Meta(min_length=1, max_length=100)] | None = None
    expires_at: Timestamp | None = None


Number = Annotated[
    int, Meta(ge=1, le=100, description="Of the posting, in the order they were given.")
]


class Part(Struct, kw_only=True, forbid_unknown_fields=True):
    """A part of one posting; without an amount, all that is left of it."""

    posting: Number
    amount: Amount | None = None


class CapturePart(Part, kw_only=True):
    destination: WalletId | None = None


class Capture(Details, kw_only=True):
    """Without amount or postings, all that is left. `final` releases what is not captured."""

    amount: Amount | None = None
    destination: WalletId | None = None
    postings: Annotated[list[CapturePart], Meta(min_length=1, max_length=100)] | None = None
    final: bool = False


class Void(Details, kw_only=True):
    pass


class Reversal(Details, kw_only=True):
    """Without amount or postings, all that is left. `force`, for admin keys, may take a wallet
    below its floor."""

    amount: Amount | None = None
    postings: Annotated[list[Part], Meta(min_length=1, max_length=100)] | None = None
    force: bool = False


class WalletRequest(Struct, kw_only=True, forbid_unknown_fields=True):
    asset: str
    id: WalletId | None = None
    min_balance: Limit | None = 0
    max_balance: Limit | None = None
    metadata: Metadata = msgspec.field(default_factory=lambda: EMPTY)


class AssetRequest(Struct, kw_only=True, forbid_unknown_fields=True):
    code: Annotated[str, Meta(extra_json_schema={"pattern": "^[A-Za-z0-9_.-]{1,32}$"})]
    scale: Annotated[int, Meta(extra_json_schema={"minimum": 0, "maximum": 38})]


class KeyRequest(Struct, kw_only=True, forbid_unknown_fields=True):
    scope: Literal["read", "write", "admin"]


KINDS = ["*", "transfer", "credit", "debit", "transaction", "hold", "capture", "void", "reversal"]
Kind = Annotated[str, Meta(extra_json_schema={"enum": KINDS})]


Secret = Annotated[str, Meta(extra_json_schema={"pattern": "^whsec_[A-Za-z0-9+/]{32,86}={0,2}$"})]
AmountStyle = Literal["integer", "string"]
Timeout = Annotated[int, Meta(ge=1, le=60)]
Concurrency = Annotated[int, Meta(ge=1, le=64)]
RateLimit = Annotated[str, Meta(extra_json_schema={"pattern": f"^{RATE.pattern}$"})]


class WebhookRequest(Struct, kw_only=True, forbid_unknown_fields=True):
    url: str
    types: list[str] = msgspec.field(default_factory=lambda: ["*"])
    wallets: list[str] = msgspec.field(default_factory=lambda: ["*"])
    kinds: list[Kind] = msgspec.field(default_factory=lambda: ["*"])
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    amounts: AmountStyle = "integer"
    timeout_s: Timeout = 15
    concurrency: Concurrency = 4
    rate_limit: RateLimit | None = None
    ordered: bool = False
    signing: Signing = "symmetric"
    secret: Secret | None = None
    description: Text | None = None
    metadata: Metadata = msgspec.field(default_factory=lambda: EMPTY)


class RotateRequest(Struct, kw_only=True, forbid_unknown_fields=True):
    secret: Secret | None = None
    signing: Signing | None = None
    overlap_s: Annotated[int, Meta(ge=0, le=30 * 86400)] = 86400


class ReplayRequest(Struct, kw_only=True, forbid_unknown_fields=True):
    """The range begins at `after_seq` or `since`, and ends at `upto_seq` or `until`."""

    after_seq: Annotated[int, Meta(ge=0, le=MAX_ID)] | None = None
    since: Timestamp | None = None
    upto_seq: Annotated[int, Meta(ge=0, le=MAX_ID)] | None = None
    until: Timestamp | None = None
    types: list[str] = msgspec.field(default_factory=lambda: ["*"])
    status: Literal["delivered", "dead", "dismissed"] | None = None
    source: Annotated[int, Meta(ge=1, le=MAX_ID)] | None = None


class DismissRequest(Struct, kw_only=True, forbid_unknown_fields=True):
    after_seq: Annotated[int, Meta(ge=0, le=MAX_ID)] = 0
    upto_seq: Annotated[int, Meta(ge=0, le=MAX_ID)] = MAX_ID


class WebhookChange(Struct, kw_only=True, forbid_unknown_fields=True):
    """A member that is not given stays as it is."""

    url: str | msgspec.UnsetType = msgspec.UNSET
    types: list[str] | msgspec.UnsetType = msgspec.UNSET
    wallets: list[str] | msgspec.UnsetType = msgspec.UNSET
    kinds: list[Kind] | msgspec.UnsetType = msgspec.UNSET
    headers: dict[str, str] | msgspec.UnsetType = msgspec.UNSET
    amounts: AmountStyle | msgspec.UnsetType = msgspec.UNSET
    timeout_s: Timeout | msgspec.UnsetType = msgspec.UNSET
    concurrency: Concurrency | msgspec.UnsetType = msgspec.UNSET
    rate_limit: RateLimit | msgspec.UnsetType | None = msgspec.UNSET
    ordered: bool | msgspec.UnsetType = msgspec.UNSET
    description: Text | msgspec.UnsetType | None = msgspec.UNSET
    metadata: Metadata | msgspec.UnsetType = msgspec.UNSET


Mode = Literal["independent", "atomic"]


class BatchItem(Details, kw_only=True):
    postings: list[PostingRequest]
    idempotency_key: Annotated[
        str | None,
        Meta(description="1 to 255 printable ASCII characters; else that of the batch and /index."),
    ] = None


class BatchRequest(Struct, kw_only=True, forbid_unknown_fields=True):
    transactions: Annotated[list[BatchItem], Meta(min_length=1, max_length=1000)]
    mode: Annotated[
        Mode,
        Meta(
            description="independent: each has its own result. atomic: all post, or none, and the answer is the problem"
            " of the one at `index`; they have no keys of their own. Later ones see earlier ones."
        ),
    ] = "independent"


class BatchEnvelope(Struct, kw_only=True, forbid_unknown_fields=True):
    """A BatchRequest as it is decoded: a fault in one item becomes that item's result."""

    transactions: Annotated[list[Raw], Meta(min_length=1, max_length=1000)]
    mode: Mode = "independent"


class WalletChange(Struct, kw_only=True, forbid_unknown_fields=True):
    """A member that is not given stays as it is."""

    min_balance: Limit | msgspec.UnsetType | None = msgspec.UNSET
    max_balance: Limit | msgspec.UnsetType | None = msgspec.UNSET
    metadata: Metadata | msgspec.UnsetType = msgspec.UNSET


class FreezeRequest(Struct, kw_only=True, forbid_unknown_fields=True):
    credits: Annotated[bool, Meta(description="May it still receive?")] = False


class SinkRequest(Struct, kw_only=True, forbid_unknown_fields=True):
    url: Annotated[
        str, Meta(description="Such as kafka://host:9092/topic?types=transaction.*; see the docs.")
    ]


class ConsumerRequest(Struct, kw_only=True, forbid_unknown_fields=True):
    types: list[str] = msgspec.field(default_factory=lambda: ["*"])
    wallets: list[str] = msgspec.field(default_factory=lambda: ["*"])
    kinds: list[Kind] = msgspec.field(default_factory=lambda: ["*"])
    start: Annotated[str, Meta(pattern="^(now|beginning|[1-9][0-9]{0,17})$")] = "now"


Lease = Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{1,64}$")]


class PageRequest(Struct, kw_only=True, forbid_unknown_fields=True):
    lease: Lease | None = None
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100
    wait: Annotated[int, Meta(ge=0, le=20)] = 0
    lease_s: Annotated[int, Meta(ge=1, le=3600)] = 30


class AcknowledgeRequest(Struct, kw_only=True, forbid_unknown_fields=True):
    lease: Lease
    seq: Annotated[int, Meta(ge=1, le=MAX_ID)] | None


class RewindRequest(Struct, kw_only=True, forbid_unknown_fields=True):
    seq: Annotated[int, Meta(ge=1, le=MAX_ID, description="Of the first event that is wanted.")]
