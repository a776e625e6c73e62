"""Many transactions in one request that post together or not at all."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import httpx
import pytest

from app.database.connections import connect
from app.posting.group_commit import MAX_POSTINGS
from tests.support.api import Api
from tests.support.batches import PATH, item
from tests.support.ledger import verify
from tests.support.until import until_locked_out


async def send(api: Api, *items: Any, key: str | None = None, path: str = PATH) -> httpx.Response:
    return await api.post(path, {"mode": "atomic", "transactions": list(items)}, key)


async def refused(api: Api, *items: Any, **rest: Any) -> tuple[int, str, Any]:
    """Return its status, its code and the index that it names."""
    answer = await send(api, *items, **rest)
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, problem["code"], problem.get("index")


async def posted(api: Api) -> list[int]:
    return [(await api.read(f"/v1/wallets/{name}"))["posted"] for name in ("alice", "bob", "carol")]


@pytest.fixture
async def paying(api: Api) -> Api:
    await api.wallets("alice", "bob", "carol")
    await api.fund("alice", 100)
    return api


async def test_all_post_later_ones_seeing_earlier_ones(paying: Api, db: asyncpg.Connection) -> None:
    items = [
        item("alice", "bob", 100, reference="r"),
        item("bob", "carol", 60),
        item("carol", "alice", "10"),
    ]
    first = await send(paying, *items, key="batch")
    assert first.status_code == 200, first.text
    results = first.json()["results"]
    assert [one["status"] for one in results] == [201] * 3
    keys = [one["transaction"]["idempotency_key"] for one in results]
    assert keys == ["batch/0", "batch/1", "batch/2"]
    assert await posted(paying) == [10, 40, 50]
    again = await send(paying, *items, key="batch")
    assert again.headers["idempotency-replayed"] == "true"
    assert [one["transaction"] for one in again.json()["results"]] == [
        one["transaction"] for one in results
    ]
    reused = (422, "idempotency_key_reused", 0)
    assert await refused(paying, *items[:2], key="batch") == reused
    assert await refused(paying, *items, items[0], key="batch") == reused
    alone = await paying.post("/v1/transactions", items[0], "batch/0")
    assert alone.json()["code"] == "idempotency_key_reused"
    assert await posted(paying) == [10, 40, 50]
    assert await verify(db) == []


async def test_none_posts_when_one_is_refused(paying: Api, db: asyncpg.Connection) -> None:
    good = item("alice", "bob", 50)
    for bad, told in (
        (item("alice", "bob", 51), (422, "insufficient_funds", 1)),
        (item("alice", "nobody", 1), (422, "unknown_wallet", 1)),
        (item("alice", "bob", 1.5), (422, "invalid_amount", 1)),
        (item("alice", "bob", 1, idempotency_key="own"), (422, "invalid_key", 1)),
        (
            item("alice", "bob", 1, **{"if": [{"wallet": "bob", "version": 0}]}),
            (409, "wallet_changed", 1),
        ),
        ({"postings": []}, (422, "invalid_postings", 1)),
        (7, (400, "invalid_body", 1)),
    ):
        assert await refused(paying, good, bad, good, key="k") == told
    too_many = [item("alice", "bob", 1) | {"postings": item("alice", "bob", 1)["postings"] * 100}]
    assert await refused(paying, *too_many * (MAX_POSTINGS // 100), good) == (
        422,
        "batch_too_large",
        None,
    )
    assert await posted(paying) == [100, 0, 0]
    assert await db.fetchval("select count(*) from ledger.transactions") == 1
    # A refusal is not remembered.
    assert (await send(paying, good, good, key="k")).status_code == 200
    assert await posted(paying) == [0, 100, 0]


async def test_dry_run(paying: Api) -> None:
    path = f"{PATH}?dry_run=true"
    answer = await send(paying, item("alice", "bob", 60), item("bob", "carol", 60), path=path)
    assert answer.headers["zerosum-dry-run"] == "true"
    assert [one["status"] for one in answer.json()["results"]] == [201] * 2
    assert await refused(paying, item("alice", "bob", 60), item("bob", "carol", 61), path=path) == (
        422,
        "insufficient_funds",
        1,
    )
    assert await posted(paying) == [100, 0, 0]


async def test_a_thousand_and_the_same_at_once(paying: Api, db: asyncpg.Connection) -> None:
    """More than a group commit takes of single requests. Eight of them at once post once."""
    many = [item("alice", "bob", 1), item("bob", "alice", 1)] * 500
    answers = await asyncio.gather(*(send(paying, *many, key="k") for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1
    assert await db.fetchval("select count(*) from ledger.transactions") == 1001
    assert (await paying.read("/v1/wallets/bob"))["version"] == 1000


async def test_beside_others_and_crossing(paying: Api, db: asyncpg.Connection) -> None:
    """Batches that want the same wallets in other orders, between single transfers. Each is there
    whole or not at all."""
    names = ["alice", "bob", "carol"]
    for name in names[1:]:
        await paying.fund(name, 100)

    async def work(n: int) -> int:
        a, b, c = names[n % 3], names[(n + 1) % 3], names[(n + 2) % 3]
        answer = await send(paying, item(a, b, 30), item(b, c, 30), item(c, a, 25 + n % 11))
        single = await paying.post("/v1/transfers", {"source": b, "destination": a, "amount": 20})
        assert single.status_code in {201, 422}
        assert answer.status_code in {200, 422}, answer.text
        return 3 * (answer.status_code == 200) + (single.status_code == 201)

    wrote = sum(await asyncio.gather(*(work(n) for n in range(60))))
    assert wrote == await db.fetchval("select count(*) from ledger.transactions") - 3 > 60
    assert sum(await posted(paying)) == 300
    assert await verify(db) == []


async def test_a_locked_wallet_keeps_the_whole_batch_and_no_other(
    paying: Api, database_url: str
) -> None:
    await paying.fund("alice", 400)
    locker = await connect(database_url)
    transaction = locker.transaction()
    await transaction.start()
    await locker.execute("select from ledger.wallets where id = 'carol' for update")
    items = [item("alice", "bob", 1)] * 300 + [item("alice", "carol", 1)]
    sent = asyncio.create_task(send(paying, *items))
    await until_locked_out(locker)
    assert not sent.done()
    await paying.wallets("dora")
    await paying.fund("dora", 1)  # Others go on.
    await transaction.rollback()
    await locker.close()
    assert (await sent).status_code == 200
    assert await posted(paying) == [199, 300, 1]
