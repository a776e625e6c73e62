"""Group commit under load and under failure, over HTTP and at its own edge."""

from __future__ import annotations

import asyncio
import functools
import json
import random
from typing import Any

import asyncpg
import pytest

from app.database.connections import connect_to_post
from app.errors import Refusal
from app.host.supervise import running
from app.posting import committer as committer_module
from app.posting import group_commit as module
from app.posting import waiting as batch_module
from app.posting.group_commit import GroupCommit
from app.posting.waiting import PostRequest
from tests.support.api import Api
from tests.support.ledger import verify


def transfer(source: str, destination: str, amount: Any = 1, key: str | None = None) -> PostRequest:
    return PostRequest(1, "transfer", [(source, destination, str(amount))], key)


async def test_a_thousand_concurrent_duplicates_post_once(api: Api, db: asyncpg.Connection) -> None:
    await api.wallets("alice", "bob")
    await api.fund("alice", 1000)
    body = {"source": "alice", "destination": "bob", "amount": 1}
    answers = await asyncio.gather(
        *(api.post("/v1/transfers", body, "the key") for _ in range(1000))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1
    assert (await api.read("/v1/wallets/bob"))["posted"] == 1
    assert await verify(db) == []


async def test_64_tasks_over_10_wallets_never_deadlock(
    api: Api, db: asyncpg.Connection, database_url: str
) -> None:
    """Two group commits, as in two processes, whose batches meet at the locks."""
    names = [f"w{i}" for i in range(10)]
    await api.wallets(*names, min_balance=-100)
    other = GroupCommit(functools.partial(connect_to_post, database_url, False))
    commits = [api.app.services.group_commit, other]

    async def work(n: int) -> int:
        rnd = random.Random(n)
        posted = 0
        for _ in range(20):
            source, destination = rnd.sample(names, 2)
            outcome, body = await commits[n % 2].submit(
                transfer(source, destination, rnd.randrange(1, 60))
            )
            posted += outcome == "posted"
            assert outcome == "posted" or json.loads(body)["code"] == "insufficient_funds"
        return posted

    async with running(other.run):
        posted = sum(await asyncio.gather(*(work(n) for n in range(64))))
    assert posted == await db.fetchval("select count(*) from ledger.transactions") > 0
    assert await verify(db) == []


async def test_a_request_that_the_server_fails_at_harms_no_other(
    api: Api, db: asyncpg.Connection
) -> None:
    """A trigger of the test breaks the writes of one wallet. Nine neighbours in its batch post."""
    names = [f"w{i}" for i in range(10)]
    await api.wallets(*names)
    await api.wallets("bad")
    await db.execute(
        "create function ledger.break() returns trigger language plpgsql as"
        " $$begin raise exception 'broken' using errcode = 'XX001'; end$$;"
        "create trigger break before insert on ledger.entries for each row"
        " when (new.wallet_id = 'bad') execute function ledger.break()"
    )
    sent = [
        api.post("/v1/credits", {"wallet": name, "amount": 5})
        for name in [*names[:5], "bad", *names[5:]]
    ]
    answers = await asyncio.gather(*sent)
    assert [answer.status_code for answer in answers] == [201] * 5 + [500] + [201] * 5
    assert answers[5].json()["code"] == "internal_error"
    assert (await api.read("/v1/wallets/bad"))["posted"] == 0


async def test_an_unexpected_failure_reaches_every_request(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    await api.wallets("alice")

    def explode(_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(committer_module, "together", explode)
    credit = {"wallet": "alice", "amount": 1}
    answers = await asyncio.gather(*(api.post("/v1/credits", credit) for _ in range(20)))
    assert {answer.status_code for answer in answers} <= {500, 503}
    monkeypatch.undo()
    assert (await api.post("/v1/credits", credit)).status_code == 201


async def test_the_queue_is_bounded(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    await api.wallets("alice")
    monkeypatch.setattr(module, "MAX_QUEUE", 5)
    credit = {"wallet": "alice", "amount": 1}
    answers = await asyncio.gather(*(api.post("/v1/credits", credit) for _ in range(100)))
    refused = [answer for answer in answers if answer.status_code == 503]
    assert {answer.json()["code"] for answer in refused} == {"queue_full"}
    assert {answer.headers["retry-after"] for answer in refused} == {"1"}
    posted = sum(answer.status_code == 201 for answer in answers)
    assert posted + len(refused) == 100
    assert (await api.read("/v1/wallets/alice"))["posted"] == posted > 0


async def test_a_broken_connection_is_made_anew_and_nothing_posts_twice(
    api: Api, db: asyncpg.Connection
) -> None:
    await api.wallets("alice")
    commit = api.app.services.group_commit

    async def spend(n: int) -> None:
        for i in range(30):
            outcome, _ = await commit.submit(
                PostRequest(1, "credit", [("@world", "alice", "1")], f"{n}-{i}")
            )
            assert outcome in {"posted", "replayed"}

    async def break_it() -> None:
        for _ in range(5):
            await asyncio.sleep(0.05)
            await db.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and query like '%zerosum.post%' and pid <> pg_backend_pid()"
            )

    await asyncio.gather(*(spend(n) for n in range(20)), break_it())
    assert (await api.read("/v1/wallets/alice"))["posted"] == 600
    assert await verify(db) == []


async def test_what_can_not_be_settled_in_time_is_refused(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database is away: nothing was sent, and the answer says so."""
    monkeypatch.setattr(batch_module, "DEADLINE_S", 0.5)

    async def away() -> tuple[asyncpg.Connection, bool]:
        raise ConnectionRefusedError

    commit = GroupCommit(away)
    async with running(commit.run):
        with pytest.raises(Refusal, match="database_unavailable"):
            await commit.submit(transfer("alice", "bob"))


async def test_batches_are_of_one_ledger(api: Api, db: asyncpg.Connection) -> None:
    await db.execute(
        "insert into ledger.wallets (ledger_id, id, asset) values (1, 'a', 'USD'), (2, 'a', 'USD')"
    )
    commit = api.app.services.group_commit
    await asyncio.gather(
        *(
            commit.submit(PostRequest(1 + i % 2, "credit", [("@world", "a", "1")], f"k{i // 2}"))
            for i in range(40)
        )
    )
    rows = await db.fetch("select ledger_id, posted from ledger.wallets where id = 'a' order by 1")
    assert [tuple(row) for row in rows] == [(1, 20), (2, 20)]
