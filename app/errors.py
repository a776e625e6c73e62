"""Refusals: one table of stable codes, and the RFC 9457 problem bodies made of it.

A code's facts (`wallet`, `available`, …) are members of the body. Codes that SQL raises are the same words there,
with SQLSTATEs from zerosum.sqlstate.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple


class Code(NamedTuple):
    """status: of HTTP. title: the same for every case of the code. detail: facts filled in; what to do."""

    status: int
    title: str
    detail: str


CODES = {
    # The request itself.
    "invalid_body": Code(400, "The body is not as documented", "{reason}"),
    "invalid_parameter": Code(400, "A query parameter or header is not as documented", "{reason}"),
    "body_too_large": Code(413, "The body is too large", "Send at most {limit} bytes."),
    "unsupported_media_type": Code(
        415, "The body must be JSON", "Send Content-Type: application/json."
    ),
    "unauthorized": Code(
        401, "No valid API key", "Send Authorization: Bearer and an API key that begins with zs_."
    ),
    "forbidden": Code(
        403, "The API key may not do this", "It has the scope {scope}; this needs {needed}."
    ),
    "not_found": Code(404, "There is no such thing", "There is nothing at this path."),
    "method_not_allowed": Code(
        405, "The path does not take this method", "The header Allow names what it takes."
    ),
    "malformed_request": Code(400, "This is not HTTP/1.1", "Send a request as RFC 9112 has it."),
    "request_timeout": Code(
        408, "The request came too slowly", "Send the whole of it without a pause."
    ),
    "headers_too_large": Code(
        431, "The header fields are too large", "Send at most {limit} bytes of them."
    ),
    # Malformed values.
    "invalid_amount": Code(
        422,
        "An amount must be a whole number from 1 to 38 digits",
        "Send it as a JSON integer or a string of digits, in the asset's smallest unit.",
    ),
    "invalid_kind": Code(422, "There is no such kind of transaction", "See the list of kinds."),
    "invalid_key": Code(
        422, "Not an Idempotency-Key", "Send 1 to 255 printable ASCII characters, or none at all."
    ),
    "invalid_postings": Code(
        422, "The postings are not as documented", "Send 1 to 100, one for a transfer."
    ),
    "invalid_wallet_id": Code(
        422, "Not a wallet id", "Use 1 to 128 of A-Z a-z 0-9 _ . : @ -, but not . or .. alone."
    ),
    "reserved_wallet_id": Code(
        422,
        "The wallet id is reserved",
        "Ids that begin with @ are the operator's, made with an admin key; @world is made by its first use.",
    ),
    "same_wallet": Code(
        422, "Source and destination are the same wallet", "Move value between two wallets."
    ),
    "invalid_reference": Code(422, "The reference is too long", "Send at most 1,024 bytes."),
    "invalid_description": Code(422, "The description is too long", "Send at most 1,024 bytes."),
    "invalid_metadata": Code(
        422,
        "The metadata is not as documented",
        "Send a JSON object of at most 16,384 bytes, nested at most 32 deep, without NUL characters.",
    ),
    "invalid_effective_at": Code(
        422,
        "Not a timestamp",
        "Send RFC 3339 with an offset, such as 2026-01-31T12:00:00Z, in the years 1 to 9999.",
    ),
    "invalid_limits": Code(
        422,
        "The limits are not as documented",
        "Send whole numbers, min_balance at most 0 and max_balance at least 0, or null for none.",
    ),
    "invalid_conditions": Code(
        422,
        "The conditions are not as documented",
        "Send 1 to 100, each with a wallet and a version or min_available_after, or both.",
    ),
    "invalid_asset": Code(
        422, "Not an asset", "Use a code of 1 to 32 of A-Z a-z 0-9 _ . -, and a scale from 0 to 38."
    ),
    "invalid_url": Code(422, "Not a URL that webhooks may go to", "{reason}"),
    "invalid_types": Code(
        422,
        "The event types are not as documented",
        "Send 1 to 32 of: *, a type, or a prefix such as transaction.*.",
    ),
    "invalid_sink": Code(422, "Not a sink that events may go to", "{reason}"),
    "invalid_options": Code(
        422,
        "The request has what its kind has not, or lacks what it needs",
        "See what a hold, capture, void or reversal takes.",
    ),
    "invalid_expires_at": Code(
        422,
        "Not a time in the future",
        "Send RFC 3339 with an offset, such as 2030-01-31T12:00:00Z.",
    ),
    "batch_too_large": Code(
        422,
        "The batch is too large to be decided at once",
        "Send at most {limit} postings in all where a batch is atomic, or a dry run.",
    ),
    "transaction_too_large": Code(
        422, "The transaction is too large for one event", "Send fewer postings or less metadata."
    ),
    # What the ledger says.
    "unknown_wallet": Code(422, "There is no such wallet", "Make {wallet} first."),
    "unknown_asset": Code(422, "There is no such asset", "Make {asset} first."),
    "asset_exists": Code(409, "The asset is there already", "{asset} has the scale {scale}."),
    "wallet_exists": Code(
        409, "The wallet is there already", "{wallet} has other limits, metadata or another asset."
    ),
    "asset_mismatch": Code(
        422,
        "The wallets hold different assets",
        "{source} holds {source_asset}, {destination} holds {destination_asset}.",
    ),
    "wallet_frozen": Code(422, "The wallet is frozen", "Unfreeze {wallet} first."),
    "wallet_closed": Code(422, "The wallet is closed", "{wallet} takes part in nothing more."),
    "wallet_changed": Code(
        409,
        "The wallet has changed since you read it",
        "{wallet} is at version {version}; read it again.",
    ),
    "available_too_low": Code(
        422,
        "Less would be available than you asked for",
        "{wallet} would have {available} available.",
    ),
    "wallet_not_empty": Code(
        422, "The wallet is not empty", "{wallet} holds {posted} {asset}, of which {held} is held."
    ),
    "balance_outside_limits": Code(
        422,
        "The balance would be outside of the limits",
        "{wallet} holds {posted}, of which {available} is available.",
    ),
    "unknown_hold": Code(404, "There is no such hold", "Holds are listed at /v1/holds."),
    "hold_captured": Code(409, "The hold is captured", "Hold {hold} reserves nothing more."),
    "hold_voided": Code(409, "The hold is voided", "Hold {hold} reserves nothing more."),
    "hold_expired": Code(409, "The hold has expired", "Hold {hold} reserves nothing more."),
    "hold_exceeded": Code(
        422, "The hold reserves less", "Posting {posting} of it has {remaining} left to capture."
    ),
    "unknown_transaction": Code(
        404, "There is no such transaction", "Transactions are listed at /v1/transactions."
    ),
    "not_reversible": Code(
        422, "The transaction can't be reversed", "Reversals, holds and voids stay as they are."
    ),
    "reversal_exceeded": Code(
        422, "Less is left to reverse", "Posting {posting} has {remaining} left to reverse."
    ),
    "endpoint_disabled": Code(
        409, "The endpoint is disabled", "Enable it first: POST /v1/webhooks/{endpoint}/enable."
    ),
    "no_log_key": Code(
        404, "Checkpoints are not signed here", "Set ZEROSUM_LOG_KEY and start the server again."
    ),
    "insufficient_funds": Code(
        422,
        "Not enough available",
        "{wallet} has {available} {asset} available and may not go below {min_balance}; "
        "this would leave {would_be}.",
    ),
    "max_balance_exceeded": Code(
        422,
        "The wallet would hold too much",
        "{wallet} may hold at most {max_balance} {asset}; this would make it {would_be}.",
    ),
    "balance_overflow": Code(
        422, "A balance may have 38 digits", "This would make the balance of {wallet} {would_be}."
    ),
    "idempotency_key_reused": Code(
        422,
        "The Idempotency-Key belongs to another request",
        "Send a new key for a new request; for a repeat, send the very same request.",
    ),
    # Not now.
    "request_in_progress": Code(
        409,
        "A request with this Idempotency-Key is being worked on",
        "Send the same request again in a moment to learn what came of it.",
    ),
    "rate_limited": Code(
        429, "Too many requests with this API key", "Nothing was done; at most {limit} are taken."
    ),
    "queue_full": Code(
        503, "Too many requests are waiting", "Nothing was written; send it again in a moment."
    ),
    "wallet_busy": Code(
        503,
        "The wallet is locked by another transaction",
        "Nothing was written; a transaction in the database holds a wallet of this request. Send it again.",
    ),
    "database_unavailable": Code(
        503, "The database can't be reached", "Nothing was written; send it again in a moment."
    ),
    "outcome_unknown": Code(
        503,
        "The connection to the database broke",
        "It may have been written. Send the same request again, with the same Idempotency-Key where it takes one.",
    ),
    "internal_error": Code(
        500,
        "Something failed on our side",
        "It may have been written; it is in the log. The same request with the same Idempotency-Key tells.",
    ),
}


class Refusal(Exception):
    """Answer this request with a problem body. `facts` become members of the body."""

    def __init__(self, code: str, /, **facts: Any) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts


class Facts(dict[str, Any]):
    """A detail can name a fact that a case has not."""

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
