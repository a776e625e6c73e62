// Names of the API: members that are amounts, and codes of refusals.
// Generated from the API's OpenAPI document: make clients. Do not edit.

export const AMOUNTS: ReadonlySet<string> = new Set([
  "amount",
  "available",
  "balance",
  "captured",
  "floor_debt",
  "held",
  "max_balance",
  "min_balance",
  "posted",
  "remaining",
  "sum",
  "would_be",
]);

export type Code =
  | "invalid_body"
  | "invalid_parameter"
  | "body_too_large"
  | "unsupported_media_type"
  | "unauthorized"
  | "forbidden"
  | "not_found"
  | "method_not_allowed"
  | "malformed_request"
  | "request_timeout"
  | "headers_too_large"
  | "invalid_amount"
  | "invalid_kind"
  | "invalid_key"
  | "invalid_postings"
  | "invalid_wallet_id"
  | "reserved_wallet_id"
  | "same_wallet"
  | "invalid_reference"
  | "invalid_description"
  | "invalid_metadata"
  | "invalid_effective_at"
  | "invalid_limits"
  | "invalid_conditions"
  | "invalid_asset"
  | "invalid_url"
  | "invalid_types"
  | "invalid_filter"
  | "invalid_consumer"
  | "invalid_secret"
  | "invalid_headers"
  | "invalid_rate_limit"
  | "invalid_sink"
  | "invalid_options"
  | "invalid_expires_at"
  | "batch_too_large"
  | "transaction_too_large"
  | "unknown_wallet"
  | "unknown_asset"
  | "asset_exists"
  | "wallet_exists"
  | "asset_mismatch"
  | "wallet_frozen"
  | "wallet_closed"
  | "wallet_changed"
  | "available_too_low"
  | "wallet_not_empty"
  | "balance_outside_limits"
  | "unknown_hold"
  | "hold_captured"
  | "hold_voided"
  | "hold_expired"
  | "hold_exceeded"
  | "unknown_transaction"
  | "not_reversible"
  | "reversal_exceeded"
  | "endpoint_disabled"
  | "consumer_leased"
  | "lease_lost"
  | "beyond_lease"
  | "events_purged"
  | "cursor_ahead"
  | "no_log_key"
  | "insufficient_funds"
  | "max_balance_exceeded"
  | "balance_overflow"
  | "idempotency_key_reused"
  | "request_in_progress"
  | "rate_limited"
  | "queue_full"
  | "wallet_busy"
  | "database_unavailable"
  | "outcome_unknown"
  | "internal_error";
