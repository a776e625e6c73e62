"""The state machine of all verbs agrees with the model on Citus too."""

from __future__ import annotations

import pytest

from app.database.connections import connect
from tests.sql.machine import run_machine


@pytest.fixture
async def main_url(scaled_url: str) -> str:
    """A distributed database with the ledger main."""
    conn = await connect(scaled_url)
    await conn.execute("select zerosum.create_ledger('main')")
    await conn.close()
    return scaled_url


def test_a_state_machine_agrees_with_the_model(main_url: str) -> None:
    assert run_machine(main_url, 20)["transaction", "posted"] > 0
