"""Reversals over HTTP: links both ways, amounts, postings, force for admins only."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from app.api_keys import stored
from app.database.connections import call
from tests.support.api import Api
from tests.support.ledger import verify

WRITER = "zs_" + "writ" * 8


@pytest.fixture
async def paid(api: Api) -> Api:
    await api.wallets("ann", "bob", "eva")
    await api.fund("ann", 1000)
    return api


async def pay(api: Api, amount: int = 300) -> int:
    told = await api.made(
        "/v1/transfers", {"source": "ann", "destination": "bob", "amount": amount}
    )
    return int(told["id"])


async def test_it_links_both_ways(paid: Api, db: asyncpg.Connection) -> None:
    number = await pay(paid)
    assert "reversed_by" not in await paid.read(f"/v1/transactions/{number}")
    first = await paid.made(f"/v1/transactions/{number}/reverse", {"amount": 100}, "r")
    assert (first["reverses"], first["forced"], first["kind"]) == (number, [], "reversal")
    second = await paid.made(f"/v1/transactions/{number}/reverse", {"reference": "all of it"})
    told = await paid.read(f"/v1/transactions/{number}")
    assert told["reversed_by"] == [first["id"], second["id"]]
    assert await paid.made(f"/v1/transactions/{number}/reverse", {"amount": 100}, "r") == first
    assert (await paid.read("/v1/wallets/ann"))["posted"] == 1000
    assert await verify(db) == []


async def test_force_is_for_admins_and_tells_what_it_did(paid: Api, db: asyncpg.Connection) -> None:
    number = await pay(paid)
    await paid.made("/v1/transfers", {"source": "bob", "destination": "eva", "amount": 300})
    path = f"/v1/transactions/{number}/reverse"
    answer = await paid.post(path, {})
    assert (answer.status_code, answer.json()["code"]) == (422, "insufficient_funds")
    await call(db, "add_key", ledger=1, **stored(WRITER, "write"))
    mine = paid.client.headers["Authorization"]
    paid.client.headers["Authorization"] = f"Bearer {WRITER}"
    answer = await paid.post(path, {"force": True})
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    paid.client.headers["Authorization"] = mine
    told = await paid.made(path, {"force": True})
    assert told["forced"] == [{"wallet": "bob", "floor_debt": 300}]
    bob = await paid.read("/v1/wallets/bob")
    assert (bob["available"], bob["floor_debt"]) == (-300, 300)
    assert await verify(db) == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"amount": 301}, 422, "reversal_exceeded"),
        ({"amount": "1.5"}, 422, "invalid_amount"),
        ({"postings": [{"posting": 2}]}, 422, "invalid_postings"),
        ({"postings": [{"posting": 1, "destination": "eva"}]}, 400, "invalid_body"),
        ({"postings": [{"posting": 1}, {"posting": 1}]}, 422, "invalid_postings"),
        ({"amount": 1, "postings": [{"posting": 1}]}, 422, "invalid_options"),
        ({"force": "yes"}, 400, "invalid_body"),
    ],
)
async def test_refused(paid: Api, body: Any, status: int, code: str) -> None:
    answer = await paid.post(f"/v1/transactions/{await pay(paid)}/reverse", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_what_is_not_there_and_what_is_no_movement(paid: Api) -> None:
    placed = await paid.made("/v1/holds", {"source": "ann", "destination": "bob", "amount": 1})
    answer = await paid.post(f"/v1/transactions/{placed['id']}/reverse", {})
    assert (answer.status_code, answer.json()["code"]) == (422, "not_reversible")
    answer = await paid.post("/v1/transactions/999/reverse", {})
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_transaction")
