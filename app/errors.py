"""Refusals: one table of stable codes, and the RFC 9457 problem bodies made from it.

A code's facts (`wallet`, `available`, …) are members of the body. SQL raises the same codes, with
SQLSTATEs from zerosum.sqlstate.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple


class Code(NamedTuple):
    """status: of HTTP. title: a noun phrase, the same for every case. detail: one instruction,
    facts filled in."""

    status: int
    title: str
    detail: str


CODES = {
    # The request itself.
    "invalid_body": Code(400, "Invalid body", "{reason}"),
    "invalid_parameter": Code(400, "Invalid query parameter or header", "{reason}"),
    "body_too_large": Code(413, "Body too large", "Send at most {limit} bytes."),
    "unsupported_media_type": Code(
        415, "Body of another media type than JSON", "Send Content-Type: application/json."
    ),
    "unauthorized": Code(
        401,
        "No valid API key",
        "Send the header Authorization: Bearer with an API key, which begins with zs_.",
    ),
    "forbidden": Code(
        403,
        "API key without the scope that this needs",
        "Use a key of the scope {needed}; this one has the scope {scope}.",
    ),
    "not_found": Code(404, "Nothing at this path", "Check the path and the id in it."),
    "method_not_allowed": Code(
        405, "Method not allowed on this path", "Use a method that the header Allow names."
    ),
    "malformed_request": Code(
        400, "Request that is not HTTP/1.1", "Send a request as RFC 9112 defines it."
    ),
    "request_timeout": Code(
        408, "Request that came too slowly", "Send the whole request without a pause."
    ),
    "headers_too_large": Code(
        431, "Header fields too large", "Send at most {limit} bytes of header fields."
    ),
    # Malformed values.
    "invalid_amount": Code(
        422,
        "Amount that is no whole number of 1 to 38 digits",
        "Send a JSON integer or a string of digits, in the asset's smallest unit.",
    ),
    "invalid_kind": Code(
        422,
        "Unknown kind of transaction",
        "Use transfer, credit, debit, transaction, hold, capture, void or reversal.",
    ),
    "invalid_key": Code(
        422,
        "Invalid Idempotency-Key",
        "Send 1 to 255 printable ASCII characters, or no key at all.",
    ),
    "invalid_postings": Code(
        422, "Invalid postings", "Send 1 to 100 postings; a transfer has one."
    ),
    "invalid_wallet_id": Code(
        422,
        "Invalid wallet id",
        "Use 1 to 128 characters of A-Z a-z 0-9 _ . : @ -, but not . or .. alone.",
    ),
    "reserved_wallet_id": Code(
        422,
        "Reserved wallet id",
        "Use an admin key to create a wallet whose id begins with @; @world needs no creating.",
    ),
    "same_wallet": Code(
        422, "Source and destination are one wallet", "Name two different wallets."
    ),
    "invalid_reference": Code(422, "Invalid reference", "Send at most 1,024 bytes, without NUL."),
    "invalid_description": Code(
        422, "Invalid description", "Send at most 1,024 bytes, without NUL."
    ),
    "invalid_metadata": Code(
        422,
        "Invalid metadata",
        "Send a JSON object of at most 16,384 bytes, nested at most 32 deep, without NUL.",
    ),
    "invalid_effective_at": Code(
        422,
        "Invalid timestamp",
        "Send RFC 3339 with an offset, such as 2026-01-31T12:00:00Z, in the years 1 to 9999.",
    ),
    "invalid_limits": Code(
        422,
        "Invalid limits",
        "Send whole numbers, min_balance at most 0 and max_balance at least 0, or null for none.",
    ),
    "invalid_conditions": Code(
        422,
        "Invalid conditions",
        "Send 1 to 100 conditions, each with a wallet and a version, min_available_after or both.",
    ),
    "invalid_asset": Code(
        422,
        "Invalid asset",
        "Use a code of 1 to 32 characters of A-Z a-z 0-9 _ . -, and a scale from 0 to 38.",
    ),
    "invalid_url": Code(422, "URL that webhooks may not go to", "{reason}"),
    "invalid_types": Code(
        422,
        "Invalid event types",
        "Send 1 to 32 items: *, a type, or a prefix such as transaction.*.",
    ),
    "invalid_filter": Code(
        422,
        "Invalid wallets or kinds of events",
        "Send 1 to 32 wallets, each *, an id or a prefix such as user_*, and 1 to 32 kinds, "
        "each * or a kind of transaction.",
    ),
    "invalid_consumer": Code(
        422, "Invalid name of a consumer", "Use 1 to 128 characters of A-Z a-z 0-9 _ . -"
    ),
    "invalid_secret": Code(
        422,
        "Invalid secret of webhooks",
        "Send whsec_ and 24 to 64 bytes in base64, with signing symmetric, or no secret at all.",
    ),
    "invalid_headers": Code(422, "Header fields that webhooks may not have", "{reason}"),
    "invalid_rate_limit": Code(
        422, "Invalid rate limit", "Send, for example, 10/second or 100/minute, or null for none."
    ),
    "invalid_sink": Code(422, "Sink that events may not go to", "{reason}"),
    "invalid_options": Code(
        422,
        "Options that do not fit this kind of request",
        "Send the options that the documentation names for a hold, capture, void or reversal.",
    ),
    "invalid_expires_at": Code(
        422,
        "Invalid time of expiry",
        "Send a future time as RFC 3339 with an offset, such as 2030-01-31T12:00:00Z.",
    ),
    "batch_too_large": Code(
        422,
        "Batch too large to be decided at once",
        "Send at most {limit} postings in an atomic batch or a dry run.",
    ),
    "transaction_too_large": Code(
        422, "Transaction too large for one event", "Send fewer postings or less metadata."
    ),
    # What the ledger says.
    "unknown_wallet": Code(422, "Unknown wallet", "Create the wallet {wallet} first."),
    "unknown_asset": Code(422, "Unknown asset", "Create the asset {asset} first."),
    "asset_exists": Code(
        409, "Asset with another scale", "Use {asset} with its scale, {scale}, or another code."
    ),
    "wallet_exists": Code(
        409,
        "Wallet with another asset, limits or metadata",
        "Read the wallet {wallet} and use it as it is, or choose another id.",
    ),
    "asset_mismatch": Code(
        422,
        "Wallets of different assets",
        "Name two wallets of one asset: {source} holds {source_asset}, "
        "{destination} holds {destination_asset}.",
    ),
    "wallet_frozen": Code(422, "Frozen wallet", "Unfreeze the wallet {wallet} first."),
    "wallet_closed": Code(422, "Closed wallet", "Use another wallet: {wallet} is closed for good."),
    "wallet_changed": Code(
        409,
        "Wallet at another version",
        "Read the wallet {wallet} again and decide anew: it is at version {version}.",
    ),
    "available_too_low": Code(
        422,
        "Too little available afterwards",
        "Move less, or lower min_available_after: {wallet} would have {available} available.",
    ),
    "wallet_not_empty": Code(
        422,
        "Wallet that is not empty",
        "Empty the wallet {wallet} first: it has {posted} {asset}, of which {held} is held.",
    ),
    "balance_outside_limits": Code(
        422,
        "Balance outside the limits",
        "Choose limits that fit: {wallet} has {posted}, of which {available} is available.",
    ),
    "unknown_hold": Code(404, "Unknown hold", "Find the hold's id with GET /v1/holds."),
    "hold_captured": Code(
        409, "Captured hold", "Place a new hold: hold {hold} was captured and reserves nothing."
    ),
    "hold_voided": Code(
        409, "Voided hold", "Place a new hold: hold {hold} was voided and reserves nothing."
    ),
    "hold_expired": Code(
        409, "Expired hold", "Place a new hold: hold {hold} has expired and reserves nothing."
    ),
    "hold_exceeded": Code(
        422,
        "Amount exceeds the hold",
        "Capture at most {remaining}, which is left of posting {posting}.",
    ),
    "unknown_transaction": Code(
        404, "Unknown transaction", "Find the transaction's id with GET /v1/transactions."
    ),
    "not_reversible": Code(
        422,
        "Transaction that can't be reversed",
        "Reverse a transaction that moved value; reversals, holds and voids stay as they are.",
    ),
    "reversal_exceeded": Code(
        422,
        "Amount exceeds what is left to reverse",
        "Reverse at most {remaining}, which is left of posting {posting}.",
    ),
    "endpoint_disabled": Code(
        409,
        "Disabled endpoint",
        "Enable the endpoint first: POST /v1/webhooks/{endpoint}/enable.",
    ),
    "consumer_leased": Code(
        409,
        "Page that another reader has",
        "Ask again after a moment, or with wait; the page is free once its lease ends.",
    ),
    "lease_lost": Code(
        409,
        "Lease that another reader has taken over, or that has ended",
        "Read the next page: events that were not acknowledged in time are read again.",
    ),
    "beyond_lease": Code(
        422, "Event beyond the leased page", "Acknowledge the seq of an event of the page."
    ),
    "events_purged": Code(
        410,
        "Purged events",
        "Read on with after={purged_seq}: the events up to it are no longer kept. What they told is "
        "in the transactions.",
    ),
    "cursor_ahead": Code(
        409,
        "Cursor beyond the feed",
        "The feed ends with event {last_seq}: the database was restored to an earlier time, or the "
        "cursor is another ledger's. Compare what you have with the feed, and go on from there.",
    ),
    "no_log_key": Code(
        404,
        "No key to sign checkpoints with",
        "Ask the operator to set ZEROSUM_LOG_KEY and to start the server again.",
    ),
    "insufficient_funds": Code(
        422,
        "Insufficient funds",
        "Move less: {wallet} has {available} {asset} available and may not go below "
        "{min_balance}; this would leave {would_be}.",
    ),
    "max_balance_exceeded": Code(
        422,
        "Balance above the wallet's maximum",
        "Move less: {wallet} may hold at most {max_balance} {asset}; "
        "this would make it {would_be}.",
    ),
    "balance_overflow": Code(
        422,
        "Balance of more than 38 digits",
        "Move less: this would make the balance of {wallet} {would_be}.",
    ),
    "idempotency_key_reused": Code(
        422,
        "Idempotency-Key of another request",
        "Use a new key for a new request; to repeat a request, send the very same one.",
    ),
    # Not now.
    "request_in_progress": Code(
        409,
        "Request with this Idempotency-Key in progress",
        "Send the same request again in a moment to learn its outcome.",
    ),
    "rate_limited": Code(
        429,
        "Too many requests with this API key",
        "Send at most {limit}. Nothing was done; try again later.",
    ),
    "queue_full": Code(
        503, "Too many waiting requests", "Nothing was written. Send it again in a moment."
    ),
    "wallet_busy": Code(
        503,
        "Wallet locked by another database transaction",
        "Nothing was written. Send it again once that transaction has ended.",
    ),
    "database_unavailable": Code(
        503, "Database unavailable", "Nothing was written. Send it again in a moment."
    ),
    "outcome_unknown": Code(
        503,
        "Unknown outcome: the connection to the database broke",
        "It may have been written. Send the same request again, with the same Idempotency-Key "
        "where it takes one.",
    ),
    "internal_error": Code(
        500,
        "Fault on our side",
        "It may have been written. Send the same request again, with the same Idempotency-Key, "
        "to learn its outcome; the fault is in the server's log.",
    ),
}


class Refusal(Exception):
    """Answer this request with a problem body. `facts` become members of the body."""

    def __init__(self, code: str, /, **facts: Any) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts


class Facts(dict[str, Any]):
    """A detail may name a fact that one case lacks."""

    def __missing__(self, name: str) -> str:
        return f"the {name}"


def problem_body(code: str, facts: dict[str, Any]) -> bytes:
    entry = CODES[code]
    body = {
        "type": f"urn:zerosum:problem:{code}",
        "title": entry.title,
        "status": entry.status,
        "code": code,
        "detail": entry.detail.format_map(Facts(facts)),
        **facts,
    }
    return json.dumps(body, ensure_ascii=False).encode()
