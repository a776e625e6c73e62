"""An open SQL transaction holds up only the requests on the wallets that it has locked."""

from __future__ import annotations

import asyncio
import functools
import statistics
import time
from collections.abc import AsyncIterator

import asyncpg
import pytest

from app.database.connections import connect, connect_to_post
from app.errors import Refusal
from app.posting import waiting as batch_module
from app.posting.lost_backends import LostBackends
from app.posting.slow_lane import SlowLane
from app.posting.waiting import PostRequest
from tests.support.api import Api
from tests.support.ledger import verify


@pytest.fixture
async def holder(api: Api, database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A direct credit of w0, not committed: it locks w0 and the world's wallet."""
    await api.wallets(*(f"w{i}" for i in range(20)), min_balance=None)
    await api.fund("w1", 100)
    holder = await connect(database_url)
    await holder.execute("begin; select * from zerosum.credit(1, 'w0', 5)")
    yield holder
    await holder.close()


async def test_other_wallets_transfers_go_on(
    api: Api, db: asyncpg.Connection, holder: asyncpg.Connection
) -> None:
    took: list[float] = []

    async def work(n: int) -> None:
        for i in range(40):
            body = {"source": f"w{n}", "destination": f"w{1 + (n + i) % 17}", "amount": 1}
            if body["source"] != body["destination"]:
                began = time.monotonic()
                await api.made("/v1/transfers", body)
                took.append(time.monotonic() - began)

    held = [
        asyncio.create_task(
            api.post("/v1/transfers", {"source": "w0", "destination": "w19", "amount": 1})
        ),
        asyncio.create_task(api.post("/v1/credits", {"wallet": "w18", "amount": 1}, "credit")),
    ]
    await asyncio.gather(*(work(n) for n in range(1, 18)))
    assert not any(task.done() for task in held)
    assert statistics.quantiles(took, n=100)[98] < 1
    await holder.execute("commit")
    assert [answer.status_code for answer in await asyncio.gather(*held)] == [201, 201]
    assert (await api.read("/v1/wallets/w0"))["posted"] == 4
    assert await verify(db) == []


async def test_what_is_locked_until_its_deadline_is_wallet_busy(
    api: Api, holder: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_module, "DEADLINE_S", 1.5)
    credit = {"wallet": "w1", "amount": 1}
    answer = await api.post("/v1/credits", credit, "k")
    assert (answer.status_code, answer.json()["code"]) == (503, "wallet_busy")
    assert answer.headers["retry-after"] == "1"
    await holder.execute("commit")
    again = await api.post("/v1/credits", credit, "k")
    assert (again.status_code, "idempotency-replayed" in again.headers) == (201, False)
    assert api.app.services.group_commit.slow_lane.wallets == {}


async def test_a_deadline_that_passes_in_the_middle_of_a_round_is_wallet_busy(
    holder: asyncpg.Connection, database_url: str
) -> None:
    lane = SlowLane(functools.partial(connect_to_post, database_url, False), LostBackends())
    waiting = batch_module.wait([PostRequest(1, "credit", [("@world:USD", "w0", "1")], "k")])
    lane.add(waiting)
    assert await lane.committer.settle([waiting], skip_locked=True) == [waiting]
    waiting.deadline = time.monotonic()
    assert await lane.committer.settle([waiting]) == []
    with pytest.raises(Refusal, match="wallet_busy"):
        await waiting.answer
    lane.committer.disconnect()


async def test_a_key_that_is_being_written_elsewhere_is_waited_for(
    api: Api, db: asyncpg.Connection, database_url: str
) -> None:
    """An uncommitted transaction has the same key: its outcome is this request's too."""
    await api.wallets("a", "b", "c", "d", min_balance=None)
    other = await connect(database_url)
    await other.execute("begin; select * from zerosum.transfer(1, 'a', 'b', 1, 'k')")
    body = {"source": "c", "destination": "d", "amount": 1}
    waiting = asyncio.create_task(api.post("/v1/transfers", body, "k"))
    for _ in range(10):
        await asyncio.sleep(0.1)
    assert not waiting.done()
    await other.execute("commit")
    answer = await waiting
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    await other.close()


async def test_a_client_that_hangs_up_is_told_by_a_retry_what_happened(
    api: Api, db: asyncpg.Connection, holder: asyncpg.Connection
) -> None:
    """Its request waits for a lock when it leaves. The request is not posted behind its back, or
    once."""
    credit = {"wallet": "w1", "amount": 7}
    for n in range(3):
        hasty = asyncio.create_task(api.post("/v1/credits", credit, f"k{n}"))
        await asyncio.sleep(0.4)
        hasty.cancel()
    await holder.execute("commit")
    before = await db.fetchval("select count(*) from ledger.transactions")
    answers = [await api.post("/v1/credits", credit, f"k{n}") for n in range(3)]
    assert [answer.status_code for answer in answers] == [201] * 3
    assert (await api.read("/v1/wallets/w1"))["posted"] == 100 + 21
    assert await db.fetchval("select count(*) from ledger.transactions") <= before + 3
    assert await verify(db) == []
