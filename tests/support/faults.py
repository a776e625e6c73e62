"""SQL that makes the faults that verify must find."""

from __future__ import annotations

NEWEST = "(select max(transaction_id) from ledger.entries)"


DISABLE = "".join(
    f"alter table ledger.{table} disable trigger all;"
    for table in (
        "entries",
        "wallets",
        "events",
        "transactions",
        "outbox",
        "hold_postings",
        "reversed_postings",
        "tiles",
        "event_bundles",
        "purged_bundles",
    )
)
