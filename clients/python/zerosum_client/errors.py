"""What the API refuses: a class for each code.

Generated from the API's OpenAPI document: make clients. Do not edit."""

from __future__ import annotations

from zerosum_client.problem import Problem


class InvalidBody(Problem):
    """400: Invalid body."""


class InvalidParameter(Problem):
    """400: Invalid query parameter or header."""


class BodyTooLarge(Problem):
    """413: Body too large."""


class UnsupportedMediaType(Problem):
    """415: Body of another media type than JSON."""


class Unauthorized(Problem):
    """401: No valid API key."""


class Forbidden(Problem):
    """403: API key without the scope that this needs."""


class NotFound(Problem):
    """404: Nothing at this path."""


class MethodNotAllowed(Problem):
    """405: Method not allowed on this path."""


class MalformedRequest(Problem):
    """400: Request that is not HTTP/1.1."""


class RequestTimeout(Problem):
    """408: Request that came too slowly."""


class HeadersTooLarge(Problem):
    """431: Header fields too large."""


class InvalidAmount(Problem):
    """422: Amount that is no whole number of 1 to 38 digits."""


class InvalidKind(Problem):
    """422: Unknown kind of transaction."""


class InvalidKey(Problem):
    """422: Invalid Idempotency-Key."""


class InvalidPostings(Problem):
    """422: Invalid postings."""


class InvalidWalletId(Problem):
    """422: Invalid wallet id."""


class ReservedWalletId(Problem):
    """422: Reserved wallet id."""


class SameWallet(Problem):
    """422: Source and destination are one wallet."""


class InvalidReference(Problem):
    """422: Invalid reference."""


class InvalidDescription(Problem):
    """422: Invalid description."""


class InvalidMetadata(Problem):
    """422: Invalid metadata."""


class InvalidEffectiveAt(Problem):
    """422: Invalid timestamp."""


class InvalidLimits(Problem):
    """422: Invalid limits."""


class InvalidConditions(Problem):
    """422: Invalid conditions."""


class InvalidAsset(Problem):
    """422: Invalid asset."""


class InvalidUrl(Problem):
    """422: URL that webhooks may not go to."""


class InvalidTypes(Problem):
    """422: Invalid event types."""


class InvalidFilter(Problem):
    """422: Invalid wallets or kinds of events."""


class InvalidConsumer(Problem):
    """422: Invalid name of a consumer."""


class InvalidSecret(Problem):
    """422: Invalid secret of webhooks."""


class InvalidHeaders(Problem):
    """422: Header fields that webhooks may not have."""


class InvalidRateLimit(Problem):
    """422: Invalid rate limit."""


class InvalidSink(Problem):
    """422: Sink that events may not go to."""


class InvalidOptions(Problem):
    """422: Options that do not fit this kind of request."""


class InvalidExpiresAt(Problem):
    """422: Invalid time of expiry."""


class BatchTooLarge(Problem):
    """422: Batch too large to be decided at once."""


class TransactionTooLarge(Problem):
    """422: Transaction too large for one event."""


class UnknownWallet(Problem):
    """422: Unknown wallet."""


class UnknownAsset(Problem):
    """422: Unknown asset."""


class AssetExists(Problem):
    """409: Asset with another scale."""


class WalletExists(Problem):
    """409: Wallet with another asset, limits or metadata."""


class AssetMismatch(Problem):
    """422: Wallets of different assets."""


class WalletFrozen(Problem):
    """422: Frozen wallet."""


class WalletClosed(Problem):
    """422: Closed wallet."""


class WalletChanged(Problem):
    """409: Wallet at another version."""


class AvailableTooLow(Problem):
    """422: Too little available afterwards."""


class WalletNotEmpty(Problem):
    """422: Wallet that is not empty."""


class BalanceOutsideLimits(Problem):
    """422: Balance outside the limits."""


class UnknownHold(Problem):
    """404: Unknown hold."""


class HoldCaptured(Problem):
    """409: Captured hold."""


class HoldVoided(Problem):
    """409: Voided hold."""


class HoldExpired(Problem):
    """409: Expired hold."""


class HoldExceeded(Problem):
    """422: Amount exceeds the hold."""


class UnknownTransaction(Problem):
    """404: Unknown transaction."""


class NotReversible(Problem):
    """422: Transaction that can't be reversed."""


class ReversalExceeded(Problem):
    """422: Amount exceeds what is left to reverse."""


class EndpointDisabled(Problem):
    """409: Disabled endpoint."""


class ConsumerLeased(Problem):
    """409: Page that another reader has."""


class LeaseLost(Problem):
    """409: Lease that another reader has taken over, or that has ended."""


class BeyondLease(Problem):
    """422: Event beyond the leased page."""


class EventsPurged(Problem):
    """410: Purged events."""


class CursorAhead(Problem):
    """409: Cursor beyond the feed."""


class NoLogKey(Problem):
    """404: No key to sign checkpoints with."""


class InsufficientFunds(Problem):
    """422: Insufficient funds."""


class MaxBalanceExceeded(Problem):
    """422: Balance above the wallet's maximum."""


class BalanceOverflow(Problem):
    """422: Balance of more than 38 digits."""


class IdempotencyKeyReused(Problem):
    """422: Idempotency-Key of another request."""


class RequestInProgress(Problem):
    """409: Request with this Idempotency-Key in progress."""


class RateLimited(Problem):
    """429: Too many requests with this API key."""


class QueueFull(Problem):
    """503: Too many waiting requests."""


class WalletBusy(Problem):
    """503: Wallet locked by another database transaction."""


class DatabaseUnavailable(Problem):
    """503: Database unavailable."""


class OutcomeUnknown(Problem):
    """503: Unknown outcome: the connection to the database broke."""


class InternalError(Problem):
    """500: Fault on our side."""


BY_CODE: dict[str, type[Problem]] = {
    "invalid_body": InvalidBody,
    "invalid_parameter": InvalidParameter,
    "body_too_large": BodyTooLarge,
    "unsupported_media_type": UnsupportedMediaType,
    "unauthorized": Unauthorized,
    "forbidden": Forbidden,
    "not_found": NotFound,
    "method_not_allowed": MethodNotAllowed,
    "malformed_request": MalformedRequest,
    "request_timeout": RequestTimeout,
    "headers_too_large": HeadersTooLarge,
    "invalid_amount": InvalidAmount,
    "invalid_kind": InvalidKind,
    "invalid_key": InvalidKey,
    "invalid_postings": InvalidPostings,
    "invalid_wallet_id": InvalidWalletId,
    "reserved_wallet_id": ReservedWalletId,
    "same_wallet": SameWallet,
    "invalid_reference": InvalidReference,
    "invalid_description": InvalidDescription,
    "invalid_metadata": InvalidMetadata,
    "invalid_effective_at": InvalidEffectiveAt,
    "invalid_limits": InvalidLimits,
    "invalid_conditions": InvalidConditions,
    "invalid_asset": InvalidAsset,
    "invalid_url": InvalidUrl,
    "invalid_types": InvalidTypes,
    "invalid_filter": InvalidFilter,
    "invalid_consumer": InvalidConsumer,
    "invalid_secret": InvalidSecret,
    "invalid_headers": InvalidHeaders,
    "invalid_rate_limit": InvalidRateLimit,
    "invalid_sink": InvalidSink,
    "invalid_options": InvalidOptions,
    "invalid_expires_at": InvalidExpiresAt,
    "batch_too_large": BatchTooLarge,
    "transaction_too_large": TransactionTooLarge,
    "unknown_wallet": UnknownWallet,
    "unknown_asset": UnknownAsset,
    "asset_exists": AssetExists,
    "wallet_exists": WalletExists,
    "asset_mismatch": AssetMismatch,
    "wallet_frozen": WalletFrozen,
    "wallet_closed": WalletClosed,
    "wallet_changed": WalletChanged,
    "available_too_low": AvailableTooLow,
    "wallet_not_empty": WalletNotEmpty,
    "balance_outside_limits": BalanceOutsideLimits,
    "unknown_hold": UnknownHold,
    "hold_captured": HoldCaptured,
    "hold_voided": HoldVoided,
    "hold_expired": HoldExpired,
    "hold_exceeded": HoldExceeded,
    "unknown_transaction": UnknownTransaction,
    "not_reversible": NotReversible,
    "reversal_exceeded": ReversalExceeded,
    "endpoint_disabled": EndpointDisabled,
    "consumer_leased": ConsumerLeased,
    "lease_lost": LeaseLost,
    "beyond_lease": BeyondLease,
    "events_purged": EventsPurged,
    "cursor_ahead": CursorAhead,
    "no_log_key": NoLogKey,
    "insufficient_funds": InsufficientFunds,
    "max_balance_exceeded": MaxBalanceExceeded,
    "balance_overflow": BalanceOverflow,
    "idempotency_key_reused": IdempotencyKeyReused,
    "request_in_progress": RequestInProgress,
    "rate_limited": RateLimited,
    "queue_full": QueueFull,
    "wallet_busy": WalletBusy,
    "database_unavailable": DatabaseUnavailable,
    "outcome_unknown": OutcomeUnknown,
    "internal_error": InternalError,
}
