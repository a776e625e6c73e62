"""Many transactions in one request, each with its own result."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from tests.support.api import Api
from tests.support.batches import PATH, item
from tests.support.ledger import verify


async def results(api: Api, *items: Any, key: str | None = None) -> list[dict[str, Any]]:
    answer = await api.post(PATH, {"mode": "independent", "transactions": list(items)}, key)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["results"]
    assert len(found) == len(items)
    return found


def codes(found: list[dict[str, Any]]) -> list[Any]:
    return [one["error"]["code"] if "error" in one else one["replayed"] for one in found]


@pytest.fixture
async def paying(api: Api) -> Api:
    await api.wallets("alice", "bob", "carol")
    await api.fund("alice", 100)
    return api


async def test_each_has_its_result_in_order_and_later_ones_see_earlier_ones(
    paying: Api, db: asyncpg.Connection
) -> None:
    found = await results(
        paying,
        item("bob", "carol", 60),
        item("alice", "bob", 60, reference="r"),
        item("bob", "carol", 60),
        item("alice", "bob", 60),
        item("@world", "bob", "7"),
    )
    assert codes(found) == ["insufficient_funds", False, False, "insufficient_funds", False]
    assert [one["status"] for one in found] == [422, 201, 201, 422, 201]
    assert found[3]["error"]["available"] == 40
    one = found[1]["transaction"]
    assert (one["kind"], one["reference"], one["idempotency_key"]) == ("transaction", "r", None)
    assert await paying.read(f"/v1/transactions/{one['id']}") == one
    assert (await paying.read("/v1/wallets/carol"))["posted"] == 60
    assert await verify(db) == []


async def test_what_is_wrong_with_one_is_that_ones_result(paying: Api) -> None:
    found = await results(
        paying,
        item("alice", "bob", 1.5),
        item("alice", "bob", 1),
        item("alice", "bob", True),
        {"postings": []},
        {"postings": [{"source": "alice"}]},
        {"amount": 1},
        5,
        item("alice", "alice", 1),
        item("alice", "no body", 1),
        item("alice", "bob", 1, metadata=[]),
        item("alice", "bob", 1, idempotency_key=""),
        item("alice", "bob", 1, idempotency_key="x" * 256),
        item("alice", "bob", 1, effective_at="yesterday"),
        item("alice", "bob", 1),
    )
    assert codes(found) == [
        "invalid_amount",
        False,
        "invalid_amount",
        "invalid_postings",
        "invalid_body",
        "invalid_body",
        "invalid_body",
        "same_wallet",
        "invalid_wallet_id",
        "invalid_metadata",
        "invalid_key",
        "invalid_key",
        "invalid_effective_at",
        False,
    ]
    assert (await paying.read("/v1/wallets/bob"))["posted"] == 2


async def test_keys(paying: Api, db: asyncpg.Connection) -> None:
    """An item's own key, else the batch's key and the index. A key posts once, in one batch too."""
    items = [
        item("alice", "bob", 1),
        item("alice", "bob", 2, idempotency_key="own"),
        item("alice", "bob", 2, idempotency_key="own"),
        item("alice", "bob", 3, idempotency_key="own"),
        item("alice", "bob", 4, idempotency_key="batch/0"),
    ]
    first = await results(paying, *items, key="batch")
    reused = "idempotency_key_reused"
    assert codes(first) == [False, False, True, reused, reused]
    assert first[0]["transaction"]["idempotency_key"] == "batch/0"
    assert first[1]["transaction"] == first[2]["transaction"]
    again = await results(paying, *items, key="batch")
    assert codes(again) == [True, True, True, reused, reused]
    assert [one.get("transaction") for one in again] == [one.get("transaction") for one in first]
    alone = await paying.post("/v1/transactions", items[0], "batch/0")
    assert alone.headers["idempotency-replayed"] == "true"
    assert (await paying.read("/v1/wallets/bob"))["posted"] == 3
    long = await paying.post(PATH, {"transactions": items}, "x" * 251)
    assert (long.status_code, long.json()["code"]) == (422, "invalid_key")


async def test_a_thousand_are_taken_and_no_more(paying: Api, db: asyncpg.Connection) -> None:
    many = [item("@world", "bob", 1)] * 1000
    found = await results(paying, *many, key="k")
    assert codes(found) == [False] * 1000
    assert [e["version"] for one in found for e in one["transaction"]["entries"][1:]] == list(
        range(1, 1001)
    )
    assert codes(await results(paying, *many, key="k")) == [True] * 1000
    for items in ([], [*many, many[0]]):
        answer = await paying.post(PATH, {"transactions": items})
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_body")
    other = await paying.post(PATH, {"mode": "sometimes", "transactions": many[:1]})
    assert other.json()["code"] == "invalid_body"
    assert await verify(db) == []


async def test_amounts_as_strings(paying: Api) -> None:
    answer = await paying.client.post(
        PATH,
        json={"transactions": [item("alice", "bob", 60), item("alice", "bob", 60)]},
        headers={"Zerosum-Amounts": "string"},
    )
    done, refused = answer.json()["results"]
    assert done["transaction"]["postings"][0]["amount"] == "60"
    assert refused["error"]["available"] == "40"
