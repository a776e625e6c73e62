"""Holds over HTTP: placed, captured, voided, read; what is refused, and with which status."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import asyncpg
import pytest

from tests.support.api import Api
from tests.support.ledger import lease, stamp, verify

HOLD = {"source": "ann", "destination": "shop", "amount": 400}


@pytest.fixture
async def shop(api: Api) -> Api:
    await api.wallets("ann", "bob", "shop")
    await api.fund("ann", 1000)
    return api


async def test_a_hold_is_placed_captured_in_parts_and_voided(
    shop: Api, db: asyncpg.Connection
) -> None:
    expires = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    body = {**HOLD, "expires_at": expires, "reference": "order 7", "metadata": {"a": 1}}
    placed = await shop.made("/v1/holds", body, "h")
    assert datetime.fromisoformat(placed["expires_at"]) == datetime.fromisoformat(expires)
    assert (placed["kind"], placed["status"], placed["remaining"]) == ("hold", "pending", 400)
    path = f"/v1/holds/{placed['id']}"
    wallet = await shop.read("/v1/wallets/ann")
    assert (wallet["posted"], wallet["held"], wallet["available"]) == (1000, 400, 600)
    taken = await shop.made(f"{path}/capture", {"amount": 100}, "c")
    assert (taken["kind"], taken["hold"]["remaining"]) == ("capture", 300)
    assert [e["balance"] for e in taken["entries"]] == [900, 100]
    other = await shop.made(f"{path}/capture", {"amount": "50", "destination": "bob"})
    voided = await shop.made(f"{path}/void", {}, "v")
    assert (voided["kind"], voided["hold"]["status"]) == ("void", "voided")
    now = await shop.read(path)
    assert (now["status"], now["captured"], now["remaining"]) == ("voided", 150, 0)
    assert now["transactions"] == [taken["id"], other["id"], voided["id"]]
    assert (now["reference"], now["metadata"]) == ("order 7", {"a": 1})
    assert await shop.made("/v1/holds", body, "h") == placed
    elsewhere = datetime.fromisoformat(expires).astimezone(timezone(timedelta(hours=5)))
    same = {**body, "expires_at": elsewhere.isoformat()}
    assert await shop.made("/v1/holds", same, "h") == placed
    assert await shop.made(f"{path}/capture", {"amount": 100}, "c") == taken
    assert await shop.made(f"{path}/void", {}, "v") == voided
    assert await shop.read(f"/v1/transactions/{taken['id']}") == taken
    assert (await shop.read("/v1/wallets/ann"))["held"] == 0
    assert await verify(db) == []


async def test_events_and_lists(shop: Api, db: asyncpg.Connection) -> None:
    first = await shop.made("/v1/holds", HOLD)
    second = await shop.made("/v1/holds", {**HOLD, "amount": 5})
    await shop.made(f"/v1/holds/{first['id']}/capture", {})
    await shop.made(f"/v1/holds/{second['id']}/void", {})
    await stamp(db, "r", await lease(db, "r"))
    events = (await shop.read("/v1/events"))["data"]
    assert [e["type"] for e in events] == [
        "transaction.posted",
        "hold.placed",
        "hold.placed",
        "transaction.posted",
        "hold.voided",
    ]
    assert events[1]["data"] == first
    page = await shop.read("/v1/holds?limit=1")
    assert [h["id"] for h in page["data"]] == [second["id"]]
    page = await shop.read(f"/v1/holds?after={page['next']}")
    assert [(h["id"], h["status"]) for h in page["data"]] == [(first["id"], "captured")]
    kinds = [t["kind"] for t in (await shop.read("/v1/transactions"))["data"]]
    assert kinds == ["void", "capture", "hold", "hold", "credit"]


async def test_amounts_as_strings(shop: Api) -> None:
    placed = await shop.made("/v1/holds", HOLD)
    shop.client.headers["Zerosum-Amounts"] = "string"
    told = await shop.read(f"/v1/holds/{placed['id']}")
    assert (told["captured"], told["remaining"], told["postings"][0]["remaining"]) == (
        "0",
        "400",
        "400",
    )


PARTS: dict[str, Any] = {"postings": [{"source": "ann", "destination": "shop", "amount": 1}] * 2}


async def test_several_postings(shop: Api) -> None:
    placed = await shop.made("/v1/holds", PARTS)
    path = f"/v1/holds/{placed['id']}/capture"
    taken = await shop.made(path, {"postings": [{"posting": 2, "destination": "bob"}]})
    assert taken["postings"] == [
        {"source": "ann", "destination": "bob", "amount": 1, "asset": "USD"}
    ]
    taken = await shop.made(path, {})
    assert taken["hold"]["status"] == "captured"


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("", {}, 400, "invalid_body"),
        ("", {**HOLD, **PARTS}, 400, "invalid_body"),
        ("", {**HOLD, "amount": 1.5}, 422, "invalid_amount"),
        ("", {**HOLD, "amount": 9999}, 422, "insufficient_funds"),
        ("", {**HOLD, "source": "no one"}, 422, "invalid_wallet_id"),
        ("", {**HOLD, "source": "@world"}, 422, "reserved_wallet_id"),
        ("", {**HOLD, "expires_at": "2020-01-01T00:00:00Z"}, 422, "invalid_expires_at"),
        ("", {**HOLD, "expires_at": "2030-01-01T00:00:00"}, 422, "invalid_expires_at"),
        ("", {**HOLD, "expires_at": "0001-01-01T00:00:00+05:00"}, 422, "invalid_expires_at"),
        ("", {**HOLD, "expires_at": "9999-12-31T23:59:59-05:00"}, 422, "invalid_expires_at"),
        ("", {**HOLD, "expires_at": 5}, 422, "invalid_expires_at"),
        ("/{id}/capture", {"amount": 401}, 422, "hold_exceeded"),
        ("/{id}/capture", {"amount": 0}, 422, "invalid_amount"),
        ("/{id}/capture", {"destination": "nobody"}, 422, "unknown_wallet"),
        ("/{id}/capture", {"postings": [{"posting": 2}]}, 422, "invalid_postings"),
        ("/{id}/capture", {"postings": [{"posting": 0}]}, 422, "invalid_postings"),
        ("/{id}/capture", {"postings": []}, 422, "invalid_postings"),
        ("/{id}/capture", {"final": 1}, 400, "invalid_body"),
        ("/{id}/capture", {"amount": 1, "postings": [{"posting": 1}]}, 422, "invalid_options"),
        ("/{id}/void", {"amount": 1}, 400, "invalid_body"),
        ("/999/capture", {}, 404, "unknown_hold"),
        ("/0/void", {}, 404, "unknown_hold"),
        ("/99999999999999999999/void", {}, 404, "unknown_hold"),
    ],
)
async def test_refused(
    shop: Api, db: asyncpg.Connection, path: str, body: Any, status: int, code: str
) -> None:
    placed = await shop.made("/v1/holds", HOLD)
    before = await db.fetchval("select count(*) from ledger.transactions")
    answer = await shop.post("/v1/holds" + path.replace("{id}", str(placed["id"])), body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await db.fetchval("select count(*) from ledger.transactions") == before


async def test_what_is_settled_is_a_conflict(shop: Api) -> None:
    placed = await shop.made("/v1/holds", HOLD)
    await shop.made(f"/v1/holds/{placed['id']}/void", {})
    answer = await shop.post(f"/v1/holds/{placed['id']}/capture", {})
    assert (answer.status_code, answer.json()["code"]) == (409, "hold_voided")
    assert (await shop.get("/v1/holds/999")).json()["code"] == "unknown_hold"
