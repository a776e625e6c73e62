"""Transactions are found by wallet, kind, reference, key, time and metadata."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import asyncpg
import pytest

from app.database.connections import connect
from tests.support.api import Api
from tests.support.ledger import post, req
from tests.support.plans import PER_TRANSFER, most_read


async def search(api: Api, query: str, limit: int = 100) -> list[int]:
    """Return the ids that a search finds, page after page."""
    found: list[int] = []
    after = ""
    while True:
        page = await api.read(f"/v1/transactions?{query}&limit={limit}{after}")
        assert len(page["data"]) <= limit
        found += [one["id"] for one in page["data"]]
        if page["next"] is None:
            return found
        after = f"&after={page['next']}"


@pytest.fixture
async def shop(api: Api) -> dict[str, Any]:
    """A few transactions of each kind by their names, newest last."""
    await api.wallets("alice", "bob", "carol")
    made: dict[str, Any] = {}
    made["fund"] = await api.made("/v1/credits", {"wallet": "alice", "amount": 1000})
    order = {"reference": "order 7", "metadata": {"order": 7, "tags": ["a"]}}
    made["sale"] = await api.made(
        "/v1/transfers", {"source": "alice", "destination": "bob", "amount": 100, **order}
    )
    made["other"] = await api.made(
        "/v1/transfers",
        {"source": "alice", "destination": "carol", "amount": 5, "metadata": {"order": 8}},
    )
    made["twice"] = await api.made(
        "/v1/transactions",
        {
            "postings": [
                {"source": "alice", "destination": "bob", "amount": 1},
                {"source": "alice", "destination": "carol", "amount": 2},
            ],
            "reference": "order 7",
        },
    )
    made["back"] = await api.made(f"/v1/transactions/{made['sale']['id']}/reverse", {})
    made["hold"] = await api.made(
        "/v1/holds", {"source": "alice", "destination": "bob", "amount": 3}
    )
    return made


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("wallet=bob", ["back", "twice", "sale"]),
        ("wallet=carol", ["twice", "other"]),
        ("wallet=alice", ["back", "twice", "other", "sale", "fund"]),
        ("wallet=nobody", []),
        ("kind=transfer", ["other", "sale"]),
        ("kind=hold", ["hold"]),
        ("kind=reversal&wallet=bob", ["back"]),
        ("kind=reversal&wallet=carol", []),
        ("reference=order%207", ["twice", "sale"]),
        ("reference=order", []),
        ("reference=order+7&wallet=carol", ["twice"]),
        ("metadata.order=7", ["sale"]),
        ("metadata.order=7&metadata.tags=%5B%22a%22%5D", ["sale"]),
        ("metadata.order=9", []),
        ("wallet=alice&metadata.order=8", ["other"]),
    ],
)
async def test_what_fits_is_found(
    api: Api, shop: dict[str, Any], query: str, names: list[str]
) -> None:
    for limit in (1, 2, 100):
        assert await search(api, query, limit) == [shop[name]["id"] for name in names], limit


async def test_a_transaction_is_found_by_its_key(api: Api) -> None:
    await api.wallets("alice")
    made = await api.made("/v1/credits", {"wallet": "alice", "amount": 1}, "order 9/a&b")
    page = await api.read(f"/v1/transactions?idempotency_key={quote('order 9/a&b', safe='')}")
    assert page == {"data": [made], "next": None}
    assert await search(api, "idempotency_key=order") == []


async def test_times_bound_a_search(api: Api, shop: dict[str, Any]) -> None:
    """since is within, until is not; and offsets are times of their zone."""
    names = ["hold", "back", "twice", "other", "sale", "fund"]
    ids = [shop[name]["id"] for name in names]
    at = shop["other"]["recorded_at"]
    assert await search(api, f"since={at}") == ids[:4]
    assert await search(api, f"until={at}") == ids[4:]
    assert await search(api, f"since={at}&until={at}") == []
    assert await search(api, f"since={at}&wallet=bob") == [shop["back"]["id"], shop["twice"]["id"]]
    there = datetime.fromisoformat(at).isoformat().replace("+00:00", "Z")
    assert await search(api, f"since={there}") == ids[:4]
    later = (datetime.fromisoformat(at) + timedelta(days=1)).isoformat()
    assert await search(api, f"since={quote(later)}") == []
    assert await search(api, f"until={quote(later)}") == ids


@pytest.mark.parametrize(
    "query",
    [
        "wallet=a%20b",
        "wallet=user_*",
        "kind=*",
        "kind=Transfer",
        "reference=",
        "reference=" + "x" * 1025,
        "idempotency_key=%C3%A9",
        "since=2026-01-01",
        "since=2026-01-01T00:00:00",
        "until=yesterday",
        "until=0001-01-01T00:00:00%2B10:00",
        "effective_at=2026-01-01T00:00:00Z",
        "wallet=a&wallet=b",
    ],
)
async def test_what_is_no_filter_is_refused(api: Api, query: str) -> None:
    answer = await api.get(f"/v1/transactions?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_parameter")


async def test_another_ledgers_transactions_are_not_found(
    api: Api, db: asyncpg.Connection, shop: dict[str, Any]
) -> None:
    for query in ("wallet := 'alice'", "reference := 'order 7'", "kind := 'transfer'"):
        call = f"select * from zerosum.search_transactions(2, null, 10, {query})"
        assert await db.fetch(call) == []


async def test_a_search_is_bounded_and_goes_on(db: asyncpg.Connection, api: Api) -> None:
    """A needle beneath 12,000 others: the first page says where to go on."""
    await api.wallets("a", "b")
    await api.fund("a", 10**6)
    needle = await api.made(
        "/v1/transfers",
        {"source": "a", "destination": "b", "amount": 1, "metadata": {"needle": True}},
    )
    for _ in range(12):
        await post(db, *[req(("a", "b", 1))] * 1000)
    for wanted in ("metadata.needle=true", "wallet=b&metadata.needle=true"):
        first = await api.read(f"/v1/transactions?{wanted}")
        assert first["data"] == []
        second = await api.read(f"/v1/transactions?{wanted}&after={first['next']}")
        assert second == {"data": [needle], "next": None}
    for call in (
        "search_transactions(1, null, 10, wallet := 'b')",
        "search_transactions(1, {after}, 10, wallet := 'b')",
        "search_transactions(1, null, 10, kind := 'transfer')",
        "search_transactions(1, null, 10, since := now() - interval '1 hour')",
        "search_transactions(1, null, 10, reference := 'none')",
        "search_transactions(1, null, 10, key := 'none')",
    ):
        sql = f"select * from zerosum.{call.format(after=needle['id'] + 100)}"
        name, rows = await most_read(db, lambda q=sql: db.fetch(q))
        assert rows <= 2 * PER_TRANSFER * 10, (call, name, rows)


async def test_a_wallets_ids_rise_with_its_versions(
    db: asyncpg.Connection, api: Api, database_url: str
) -> None:
    """A search by wallet halves its way by that, whoever writes at once."""
    await api.wallets("a", "b", "c")
    await api.fund("a", 10**6)
    moves = [req(("a", "b", 2)), req(("b", "c", 1)), req(("a", "c", 1))]

    async def write(conn: asyncpg.Connection) -> None:
        for n in range(30):
            await post(conn, *moves[n % 3 :], *moves[: n % 2])

    links = [await connect(database_url) for _ in range(6)]
    await asyncio.gather(*(write(link) for link in links))
    for link in links:
        await link.close()
    for wallet in "abc":
        rows = await db.fetch(
            "select transaction_id from ledger.entries where wallet_id = $1 order by version",
            wallet,
        )
        ids = [row["transaction_id"] for row in rows]
        assert ids == sorted(ids)
        found, before = [], None
        while page := await db.fetch(
            "select id from zerosum.search_transactions(1, $1, 7, wallet := $2)", before, wallet
        ):
            found += [row["id"] for row in page]
            before = found[-1]
        assert found == sorted(set(ids), reverse=True)
