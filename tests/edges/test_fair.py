"""Requests that wait, for a lock or for a turn, keep nobody else waiting."""

from __future__ import annotations

import asyncio
from collections import Counter

import asyncpg
import pytest

from app.database.connections import connect
from app.database.errors import Failure, failure
from app.posting import committer as committer_module
from app.posting.waiting import PostRequest
from tests.support.api import Api
from tests.support.ledger import verify


@pytest.fixture
def failures(monkeypatch: pytest.MonkeyPatch) -> Counter[Failure]:
    """Return how often an attempt at a batch failed, and how."""
    counted: Counter[Failure] = Counter()

    def count(error: BaseException) -> Failure:
        found = failure(error)
        counted[found] += 1
        return found

    monkeypatch.setattr(committer_module, "failure", count)
    return counted


async def test_captures_on_a_locked_wallet_stall_nobody_more_than_once(
    api: Api, db: asyncpg.Connection, database_url: str, failures: Counter[Failure]
) -> None:
    """Python does not know a capture's wallets. Postgres tells which one it waits for."""
    await api.wallets("w0", "shop", "a", "b", min_balance=None)
    place = {"source": "w0", "destination": "shop", "amount": 5}
    holds = [(await api.made("/v1/holds", place))["id"] for _ in range(20)]
    paid = [(await api.made("/v1/transfers", place))["id"] for _ in range(5)]
    holder = await connect(database_url)
    await holder.execute("begin; select from ledger.wallets where id = 'w0' for update")
    held = []
    lane = api.app.services.group_commit.slow_lane
    pay = {"source": "a", "destination": "b", "amount": 1}
    paths = [f"/v1/holds/{hold}/capture" for hold in holds]
    paths += [f"/v1/transactions/{number}/reverse" for number in paid]
    paths += [f"/v1/holds/{holds[0]}/void"]
    main_locked = 0
    for path in paths:
        before = failures[Failure.LOCKED]
        body = {} if path.endswith("void") else {"amount": 1}
        held.append(asyncio.create_task(api.post(path, body)))
        await api.made("/v1/transfers", pay)
        await asyncio.sleep(0.02)
        main_locked += failures[Failure.LOCKED] - before
    assert not any(task.done() for task in held)
    assert lane.requests == len(held)
    # The slow lane itself waits at the lock, a quarter of a second at a time. The other requests'
    # batches waited once.
    assert main_locked <= 1 + len(paths) * 0.05 / 0.25
    await holder.execute("commit")
    await holder.close()
    assert {answer.status_code for answer in await asyncio.gather(*held)} <= {201, 409}
    assert (await api.read("/v1/wallets/b"))["posted"] == len(paths)
    assert lane.wallets == {}
    assert await verify(db) == []


async def test_one_whose_wallet_comes_free_has_its_turn_before_hundreds_that_wait_on(
    api: Api, db: asyncpg.Connection, database_url: str
) -> None:
    await api.wallets("busy", "free", "a", min_balance=None)
    holders = []
    for name in ("busy", "free"):
        holder = await connect(database_url)
        await holder.execute(f"begin; select from ledger.wallets where id = '{name}' for update")
        holders.append(holder)
    lane = api.app.services.group_commit.slow_lane

    def pay(source: str) -> asyncio.Task[int]:
        body = {"source": source, "destination": "a", "amount": 1}

        async def send() -> int:
            return (await api.post("/v1/transfers", body)).status_code

        return asyncio.create_task(send())

    many = [pay("busy") for _ in range(400)]
    while lane.requests < 400:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    one = pay("free")
    while lane.requests < 401:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    await holders[1].execute("commit")
    turns = lane.turns
    assert await one == 201
    assert lane.turns - turns <= 2
    assert not any(task.done() for task in many)
    await holders[0].execute("commit")
    assert set(await asyncio.gather(*many)) == {201}
    for holder in holders:
        await holder.close()


async def test_a_ledger_that_is_flooded_takes_its_share_and_no_more(
    api: Api, db: asyncpg.Connection
) -> None:
    await db.execute(
        "insert into ledger.wallets (ledger_id, id, asset) values (1, 'a', 'USD'), (2, 'a', 'USD')"
    )
    commit = api.app.services.group_commit
    done: Counter[int] = Counter()

    async def credit(ledger: int) -> None:
        await commit.submit(PostRequest(ledger, "credit", [("@world", "a", "1")]))
        done[ledger] += 1

    flood = [asyncio.create_task(credit(1)) for _ in range(3000)]
    await asyncio.sleep(0)
    for _ in range(3):
        before = done[1]
        await credit(2)
        # One batch of the flood was under way, and one more may have its turn before.
        assert done[1] - before <= 3 * 256
    assert done[1] < 3000
    await asyncio.gather(*flood)
    assert await verify(db) == []
    assert await verify(db, 2) == []


async def test_a_flooded_ledger_leaves_places_in_the_queue(api: Api) -> None:
    commit = api.app.services.group_commit
    refused = 0

    async def credit(ledger: int) -> str:
        outcome, _ = await commit.submit(PostRequest(ledger, "credit", [("@world", "a", "1")]))
        return str(outcome)

    flood = [asyncio.create_task(credit(1)) for _ in range(10_500)]
    await asyncio.sleep(0)
    assert await credit(2) == "refused"  # Its wallet does not exist, so it had its turn.
    for task in flood:
        refused += isinstance((await asyncio.gather(task, return_exceptions=True))[0], Exception)
    assert refused == 10_500 - 9_000
