"""Lists page by keyset; assets, API keys and amounts as strings."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from tests.support.api import Api
from tests.support.log import logged
from tests.support.plans import PER_TRANSFER, most_read
from tests.support.rare import MANY, rare
from tests.support.until import until


async def pages(api: Api, path: str, limit: int) -> list[list[Any]]:
    """Every page of a list, until `next` is null."""
    found, after = [], ""
    while True:
        page = await api.read(f"{path}{'&' if '?' in path else '?'}limit={limit}{after}")
        found.append(page["data"])
        if page["next"] is None:
            return found
        after = f"&after={page['next']}"


async def test_wallets_are_listed_by_id(api: Api) -> None:
    await api.wallets("user:2", "user:1", "shop", metadata={"tier": "gold", "n": 7})
    await api.wallets("user:3")
    listed = await pages(api, "/v1/wallets", 2)
    assert [[w["id"] for w in page] for page in listed] == [
        ["@world:USD", "shop"],
        ["user:1", "user:2"],
        ["user:3"],
    ]
    users = await pages(api, "/v1/wallets?prefix=user:", 100)
    assert [w["id"] for w in users[0]] == ["user:1", "user:2", "user:3"]
    gold = await api.read("/v1/wallets?prefix=user:&metadata.tier=gold&metadata.n=7")
    assert [w["id"] for w in gold["data"]] == ["user:1", "user:2"]
    assert (await api.read("/v1/wallets?prefix=user:&asset=EUR"))["data"] == []
    assert (await api.read("/v1/wallets?asset=USD&limit=1"))["data"] != []
    assert (await api.read("/v1/wallets?metadata.tier=silver"))["data"] == []


async def test_transactions_are_listed_newest_first(api: Api) -> None:
    await api.wallets("alice")
    made = [await api.made("/v1/credits", {"wallet": "alice", "amount": n}) for n in range(1, 6)]
    listed = await pages(api, "/v1/transactions", 2)
    assert [t for page in listed for t in page] == made[::-1]
    assert [len(page) for page in listed] == [2, 2, 1]


async def test_a_small_ledger_lists_as_fast_beside_a_large_one(
    api: Api, db: asyncpg.Connection
) -> None:
    """By what is read, not by the clock: 20,000 younger transactions of another ledger are not
    read."""
    await api.wallets("alice")
    for n in range(20):
        await api.fund("alice", n + 1)
    await db.execute(
        "insert into ledger.wallets (ledger_id, id, asset, min_balance)"
        " values (2, 'a', 'USD', null), (2, 'b', 'USD', null)"
    )
    many = 500
    for _ in range(40):
        await db.fetch(
            "select * from zerosum.post(2, $1, $2, $3, $4, $5, $6)",
            ["transfer"] * many,
            [None] * many,
            list(range(1, many + 1)),
            ["a"] * many,
            ["b"] * many,
            ["1"] * many,
        )
    for statement in ("select 1", "analyze"):
        await db.execute(statement)
        lists = "select * from zerosum.list_transactions(1, null, 10)"
        name, rows = await most_read(db, lambda q=lists: db.fetch(q))
        assert rows <= PER_TRANSFER * 10, (name, rows)


async def test_a_search_for_what_is_rare_goes_on_page_by_page(
    api: Api, db: asyncpg.Connection
) -> None:
    """A page of wallets or deliveries looks at 10,000, finds none, and says where to go on; no call
    reads them all."""
    await logged(db, MANY)
    hook = await api.made("/v1/webhooks", {"url": "https://example.com"})
    await rare(db, hook["id"])
    path = f"/v1/webhooks/{hook['id']}/deliveries"
    for query, counts in (
        ("/v1/wallets?metadata.tier=gold", [0, 0, 1]),
        ("/v1/wallets?prefix=w&asset=EUR", [0, 0, 1]),
        ("/v1/wallets?prefix=w025&asset=EUR", [1]),
        (f"{path}?status=pending", [0, 0, 1]),
        (f"{path}?status=dead", [1]),
    ):
        for known in ("vacuum", "analyze"):
            await db.execute(known)
            assert [len(page) for page in await pages(api, query, 10)] == counts, query
    for call in (
        "list_wallets(1, null, 10, '', '{tier}', '{gold}')",
        "list_deliveries(1, 1, null, 10, 'pending')",
    ):
        name, rows = await most_read(db, lambda c=call: db.fetch(f"select * from zerosum.{c}"))
        assert rows <= 4 * 10_000, (call, name, rows)
    name, rows = await most_read(
        db, lambda: db.fetch("select * from zerosum.list_deliveries(1, 1, null, 10, 'dead')")
    )
    assert rows <= PER_TRANSFER * 10, (name, rows)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/wallets?after=a%20b",
        "/v1/wallets?prefix=%00",
        "/v1/wallets?limit=0",
        "/v1/transactions?after=x",
        "/v1/transactions?limit=1001",
        "/v1/assets?after=%C3%A9",
        "/v1/wallets?" + "&".join(f"metadata.k{n}=v" for n in range(11)),
        "/v1/wallets?metadata.k=%00",
        "/v1/wallets?asset=",
        "/v1/wallets?asset=U%20D",
    ],
)
async def test_bad_parameters_are_refused(api: Api, path: str) -> None:
    answer = await api.get(path)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_parameter")


async def test_assets_are_made_once(api: Api) -> None:
    points = {"code": "POINTS", "scale": 0}
    assert await api.made("/v1/assets", points) == points
    assert (await api.post("/v1/assets", points)).status_code == 200
    for code, body in (
        ("asset_exists", {"code": "POINTS", "scale": 2}),
        ("invalid_asset", {"code": "P P", "scale": 2}),
        ("invalid_asset", {"code": "P\0", "scale": 2}),
        ("invalid_asset", {"code": "P", "scale": 39}),
        ("invalid_asset", {"code": "P", "scale": "2"}),
        ("invalid_asset", {"code": "P", "scale": 10**30}),
    ):
        answer = await api.post("/v1/assets", body)
        assert answer.json()["code"] == code
    codes = [a["code"] for page in await pages(api, "/v1/assets", 50) for a in page]
    assert codes == sorted(codes)
    assert {"USD", "POINTS"} <= set(codes)
    await api.made("/v1/wallets", {"id": "p", "asset": "POINTS"})


async def test_keys_are_shown_once_and_refused_soon_after_they_are_revoked(api: Api) -> None:
    made = await api.made("/v1/keys", {"scope": "read"})
    headers = {"Authorization": f"Bearer {made['key']}"}
    assert (await api.client.get("/v1/wallets", headers=headers)).status_code == 200
    assert (await api.client.get("/v1/keys", headers=headers)).status_code == 403
    listed = (await api.read("/v1/keys"))["data"]
    assert [key["scope"] for key in listed] == ["admin", "read"]
    assert made["key"] not in str(listed)
    assert (await api.client.delete(f"/v1/keys/{made['id']}")).status_code == 204

    async def refused() -> bool:
        return (await api.client.get("/v1/wallets", headers=headers)).status_code == 401

    await until(refused, seconds=1)
    assert (await api.client.delete("/v1/keys/999")).status_code == 404
    assert (await api.post("/v1/keys", {"scope": "root"})).json()["code"] == "invalid_body"


async def test_amounts_are_strings_for_who_asks(api: Api) -> None:
    big = 10**37
    await api.wallets("alice", metadata={"amount": 5, "price": 1.50})
    api.client.headers["Zerosum-Amounts"] = "string"
    made = await api.made("/v1/credits", {"wallet": "alice", "amount": str(big)})
    assert made["postings"][0]["amount"] == str(big)
    assert made["entries"][0]["balance"] == str(-big)
    assert made["entries"][0]["version"] == 1
    wallet = await api.read("/v1/wallets/alice")
    assert (wallet["posted"], wallet["min_balance"], wallet["max_balance"]) == (str(big), "0", None)
    assert wallet["metadata"] == {"amount": 5, "price": 1.5}
    refused = await api.post("/v1/debits", {"wallet": "alice", "amount": big + 1})
    assert refused.json()["available"] == str(big)
    api.client.headers["Zerosum-Amounts"] = "float"
    assert (await api.get("/v1/wallets/alice")).json()["code"] == "invalid_parameter"


@pytest.mark.parametrize(
    "path",
    [
        "/v1/events?after=",
        "/v1/transactions?after=",
        "/v1/holds?after=",
        "/v1/webhooks?after=",
        "/v1/sinks?after=",
        "/v1/keys?after=",
        "/v1/wallets/alice/entries?after=",
        "/v1/proof/inclusion?seq=",
        "/v1/proof/consistency?old_size=",
    ],
)
async def test_numbers_end_at_the_largest(api: Api, path: str) -> None:
    await api.wallets("alice")
    limit = "" if "proof" in path else "&limit=1000"
    answer = await api.get(f"{path}{2**63 - 1}{limit}")
    status = 404 if "proof" in path else 409 if "events" in path else 200
    assert answer.status_code == status, answer.text
    assert (await api.get(f"{path}{2**63}")).json()["code"] == "invalid_parameter"
