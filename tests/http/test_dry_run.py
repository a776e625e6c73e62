"""What a request would be answered, and nothing written."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from app.database.connections import connect
from tests.support.api import Api
from tests.support.ledger import counts, verify

ROUTES: list[tuple[str, dict[str, Any]]] = [
    ("credits", {"wallet": "alice", "amount": 5}),
    ("debits", {"wallet": "alice", "amount": 5}),
    ("transfers", {"source": "alice", "destination": "bob", "amount": 5, "metadata": {"a": 1}}),
    ("transactions", {"postings": [{"source": "alice", "destination": "bob", "amount": 5}]}),
    ("holds", {"source": "alice", "destination": "bob", "amount": 5}),
    ("holds/3/capture", {"amount": 3, "final": True}),
    ("holds/3/void", {}),
    ("transactions/1/reverse", {"amount": 2}),
]
CHANGING = ("id", "recorded_at", "effective_at")


@pytest.fixture
async def paying(api: Api) -> Api:
    await api.wallets("alice", "bob")
    await api.fund("alice", 100)
    await api.wallets("eva")
    await api.fund("eva", 7)
    await api.made("/v1/holds", {"source": "eva", "destination": "bob", "amount": 7})
    return api


def lasting(transaction: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in transaction.items() if name not in CHANGING}


@pytest.mark.parametrize(("route", "body"), ROUTES)
async def test_it_is_what_the_request_is_answered_then(
    paying: Api, db: asyncpg.Connection, route: str, body: dict[str, Any]
) -> None:
    before = await counts(db), await paying.read("/v1/wallets/alice")
    tried = await paying.post(f"/v1/{route}?dry_run=true", body, "k")
    assert (tried.status_code, tried.headers["zerosum-dry-run"]) == (201, "true")
    assert (await counts(db), await paying.read("/v1/wallets/alice")) == before
    assert (await paying.get(f"/v1/transactions/{tried.json()['id']}")).status_code == 404
    done = await paying.post(f"/v1/{route}?dry_run=false", body, "k")
    assert (done.status_code, "zerosum-dry-run" in done.headers) == (201, False)
    assert "idempotency-replayed" not in done.headers
    assert lasting(done.json()) == lasting(tried.json())
    again = await paying.post(f"/v1/{route}?dry_run=true", body, "k")
    assert (again.content, again.headers["idempotency-replayed"]) == (done.content, "true")
    assert await verify(db) == []


async def test_a_refusal_is_told_too(paying: Api, db: asyncpg.Connection) -> None:
    body = {"source": "alice", "destination": "bob", "amount": 101}
    tried = await paying.post("/v1/transfers?dry_run=true", body)
    done = await paying.post("/v1/transfers", body)
    assert tried.json() == done.json()
    assert (tried.status_code, tried.headers["zerosum-dry-run"]) == (422, "true")
    bad = await paying.post("/v1/transfers?dry_run=yes", body)
    assert (bad.status_code, bad.json()["code"]) == (400, "invalid_parameter")
    first = await paying.post("/v1/credits?dry_run=true", {"wallet": "nobody", "amount": 1})
    assert first.json()["code"] == "unknown_wallet"


async def test_a_batch(paying: Api, db: asyncpg.Connection) -> None:
    def item(amount: Any) -> dict[str, Any]:
        return {"postings": [{"source": "alice", "destination": "bob", "amount": amount}]}

    body = {"transactions": [item(60), item(1.5), item(60), item(40)]}
    before = await counts(db)
    tried = (await paying.post("/v1/transactions/batch?dry_run=true", body, "k")).json()["results"]
    assert await counts(db) == before
    done = (await paying.post("/v1/transactions/batch", body, "k")).json()["results"]
    assert [r["status"] for r in tried] == [r["status"] for r in done] == [201, 422, 422, 201]
    assert tried[1:3] == done[1:3]
    for one, other in ((tried[0], done[0]), (tried[3], done[3])):
        assert lasting(one["transaction"]) == lasting(other["transaction"])
    assert len((await paying.read("/v1/transactions"))["data"]) == 5


async def test_a_wallet_that_is_held_is_busy(paying: Api, database_url: str) -> None:
    conn = await connect(database_url)
    holder = conn.transaction()
    await holder.start()
    await conn.execute("select zerosum.credit(1, 'alice', 1)")
    body = {"source": "alice", "destination": "bob", "amount": 1}
    tried = await paying.post("/v1/transfers?dry_run=true", body)
    assert (tried.status_code, tried.json()["code"]) == (503, "wallet_busy")
    await holder.rollback()
    await conn.close()
