"""The state machine agrees with the model, and meets what it should."""

from __future__ import annotations

import pytest

from tests.sql.machine import run_machine

MET = {
    *(
        (kind, "posted")
        for kind in ("capture", "credit", "hold", "reversal", "transaction", "void")
    ),
    *((kind, "undone") for kind in ("capture", "hold", "reversal", "transfer", "void")),
    *(("capture", f"hold_{why}") for why in ("captured", "expired", "voided", "exceeded")),
    *(("transfer", why) for why in ("replayed", "idempotency_key_reused", "balance_overflow")),
    ("capture", "invalid_postings"),
    ("reversal", "reversal_exceeded"),
}


@pytest.mark.parametrize("examples", [40, pytest.param(200, marks=pytest.mark.slow)])
def test_a_state_machine_agrees_with_the_model(database_url: str, examples: int) -> None:
    met = run_machine(database_url, examples)
    if examples > 40:
        assert met.keys() >= MET, "what it never met"
