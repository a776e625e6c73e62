"""Redis locks and cached answers, on a real redis-server: fast when Redis is well, right whatever
it does."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import asyncpg
import httpx
import pytest
import redis.asyncio

from app.database.connections import connect, connect_to_post, open_pool
from app.host.supervise import running
from app.posting.committer import Committer
from app.posting.group_commit import GroupCommit
from app.posting.redis_locks import RedisLocks
from app.posting.waiting import Waiting
from tests.conftest import new_database
from tests.sinks.redis import RedisServer
from tests.support.api import Api, app_over
from tests.support.ledger import fund, verify, wallets
from tests.support.until import until, until_locked_out

PAY = {"source": "alice", "destination": "bob", "amount": 7}


async def name_of(db: asyncpg.Connection, key: str = "k") -> str:
    """Return the name under which Redis has a key of the ledger main."""
    run = await db.fetchval("select run from zerosum.identity()")
    return f"zerosum:{run}:1:{key}"


class Counted(GroupCommit):
    """posted: how many requests went to Postgres. slow: they go a little later, so that Redis can
    answer first."""

    posted = 0
    slow = False

    async def settle(self, committer: Committer, batch: list[Waiting]) -> None:
        until = time.monotonic() + (0.3 if self.slow else 0)
        while time.monotonic() < until and not all(w.answer.done() for w in batch):  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        self.posted += sum(not waiting.answer.done() for waiting in batch)
        await super().settle(committer, [w for w in batch if not w.answer.done()])


OpenApi = Callable[[], AbstractAsyncContextManager[Api]]


@pytest.fixture
def open_api(database_url: str, redis_server: RedisServer) -> OpenApi:
    """The app, as a process of its own would have it, over the test's database and Redis."""

    @contextlib.asynccontextmanager
    async def make() -> AsyncIterator[Api]:
        pool = await open_pool(database_url, 3)
        group_commit = Counted(functools.partial(connect_to_post, database_url, False))
        locks = RedisLocks(redis_server.url, pool, group_commit)
        app = app_over(pool, group_commit, redis_locks=locks)
        async with running(group_commit.run), running(locks.run), Api(app) as api:
            await api.allow(pool)
            yield api
        await pool.close()

    return make


@pytest.fixture
async def locked(open_api: OpenApi, db: asyncpg.Connection) -> AsyncIterator[Api]:
    await wallets(db, ("alice", "bob"))
    await fund(db, "alice", 1000)
    async with open_api() as api:
        yield api


def counted(api: Api) -> Counted:
    group_commit = api.app.services.group_commit
    assert isinstance(group_commit, Counted)
    return group_commit


def posted(api: Api) -> int:
    return counted(api).posted


@contextlib.asynccontextmanager
async def wallet_held(url: str) -> AsyncIterator[None]:
    """Somebody's open transaction locks alice, so that a transfer of hers takes a while."""
    conn = await connect(url)
    transaction = conn.transaction()
    await transaction.start()
    await conn.execute("select zerosum.credit(1, 'alice', 1)")
    yield
    await transaction.rollback()
    await conn.close()


async def paid(db: asyncpg.Connection, count: int) -> None:
    assert (
        await db.fetchval("select count(*) from ledger.transactions where kind = 'transfer'")
        == count
    )
    assert await verify(db) == []


def said(answer: httpx.Response) -> tuple[int, bool]:
    return answer.status_code, "idempotency-replayed" in answer.headers


async def test_a_concurrent_duplicate_is_refused_at_once(
    locked: Api, open_api: OpenApi, db: asyncpg.Connection, database_url: str
) -> None:
    async with open_api() as other:
        async with wallet_held(database_url):
            first = asyncio.create_task(locked.post("/v1/transfers", PAY, "k"))
            await until_locked_out(db)
            for api in (locked, other):
                async with asyncio.timeout(2):
                    answer = await api.post("/v1/transfers", PAY, "k")
                assert (answer.status_code, answer.json()["code"]) == (409, "request_in_progress")
                assert answer.headers["retry-after"] == "1"
            assert not first.done()
        # (It may be a replay: a duplicate that Postgres has too by the time that Redis refuses it
        # may post first.)
        assert (await first).status_code == 201
        assert said(await other.post("/v1/transfers", PAY, "k")) == (201, True)
    await paid(db, 1)


async def test_a_finished_key_is_answered_from_the_cache_and_byte_for_byte(
    locked: Api, open_api: OpenApi, db: asyncpg.Connection
) -> None:
    first = await locked.post("/v1/transfers", PAY, "k")
    before = posted(locked)
    counted(locked).slow = True
    again = await locked.post("/v1/transfers", PAY, "k")
    assert (said(first), said(again)) == ((201, False), (201, True))
    assert (again.content, posted(locked)) == (first.content, before)
    async with open_api() as other:
        counted(other).slow = True
        assert (await other.post("/v1/transfers", PAY, "k")).content == first.content
        assert posted(other) == 0
    # Another spelling of the same request, and another request: Postgres decides.
    same = {**PAY, "metadata": {}, "reference": None}
    assert said(await locked.post("/v1/transfers", same, "k")) == (201, True)
    other_request = await locked.post("/v1/transfers", {**PAY, "amount": 8}, "k")
    assert other_request.json()["code"] == "idempotency_key_reused"
    assert (
        await locked.post("/v1/credits", {"wallet": "bob", "amount": 7}, "k")
    ).status_code == 422
    await paid(db, 1)


async def test_a_refusal_leaves_the_key_free(locked: Api, db: asyncpg.Connection) -> None:
    much = {**PAY, "amount": 5000}
    for _ in range(2):
        assert (await locked.post("/v1/transfers", much, "k")).json()[
            "code"
        ] == "insufficient_funds"
    await fund(db, "alice", 5000)
    assert said(await locked.post("/v1/transfers", much, "k")) == (201, False)
    await paid(db, 1)


async def test_redis_away_changes_nothing_and_it_comes_back(
    locked: Api, db: asyncpg.Connection, redis_server: RedisServer
) -> None:
    redis_server.end(signal.SIGKILL)
    assert said(await locked.post("/v1/transfers", PAY, "k")) == (201, False)
    assert said(await locked.post("/v1/transfers", PAY, "k")) == (201, True)
    redis_server.start()
    counted(locked).slow = True
    async with asyncio.timeout(20):
        while True:
            await locked.post("/v1/transfers", PAY, "k")
            before = posted(locked)
            assert said(await locked.post("/v1/transfers", PAY, "k")) == (201, True)
            if posted(locked) == before:
                break
            await asyncio.sleep(0.1)
    await paid(db, 1)


async def test_a_redis_that_says_nothing_costs_a_moment(
    locked: Api, db: asyncpg.Connection, redis_server: RedisServer
) -> None:
    redis_server.signal(signal.SIGSTOP)
    began = time.monotonic()
    for n in range(20):
        assert said(await locked.post("/v1/transfers", PAY, f"k{n}")) == (201, False)
    # 100 ms, and then Redis is left alone; 100 ms for each of the 20 would make two seconds.
    assert time.monotonic() - began < 1.5
    assert said(await locked.post("/v1/transfers", PAY, "k0")) == (201, True)
    await paid(db, 20)


async def test_a_flush_in_the_middle_changes_nothing(
    locked: Api, db: asyncpg.Connection, database_url: str, redis_server: RedisServer
) -> None:
    async with redis.asyncio.Redis(port=redis_server.port) as client:
        async with wallet_held(database_url):
            first = asyncio.create_task(locked.post("/v1/transfers", PAY, "k"))
            await until(lambda: client.keys("*:k"))
            await client.flushall()
            second = asyncio.create_task(locked.post("/v1/transfers", PAY, "k"))
            await asyncio.sleep(0.3)
            assert not second.done()
        assert sorted([said(await first), said(await second)]) == [(201, False), (201, True)]
        await client.flushall()
    assert said(await locked.post("/v1/transfers", PAY, "k")) == (201, True)
    await paid(db, 1)


@pytest.mark.parametrize("lie", [b"", b"D", b"D" + bytes(32) + b'{"id":1}', b"x", b"L", "list"])
async def test_a_redis_that_lies_is_not_believed(
    locked: Api, db: asyncpg.Connection, redis_server: RedisServer, lie: bytes | str
) -> None:
    counted(locked).slow = True
    async with redis.asyncio.Redis(port=redis_server.port) as client:
        if lie == "list":
            await client.rpush(await name_of(db), "x")
        else:
            await client.set(await name_of(db), lie)
        answer = await locked.post("/v1/transfers", PAY, "k")
        if lie == b"L":  # A lock of nobody's: it holds up requests until it expires, no longer.
            assert answer.json()["code"] == "request_in_progress"
            assert posted(locked) == 0
            await client.delete(await name_of(db))
            answer = await locked.post("/v1/transfers", PAY, "k")
    assert said(answer) == (201, False)
    assert said(await locked.post("/v1/transfers", PAY, "k")) == (201, True)
    await paid(db, 1)


async def test_an_answer_of_another_database_or_run_is_not_believed(
    locked: Api, db: asyncpg.Connection, redis_server: RedisServer
) -> None:
    """A restored database knows nothing of what the cache still has."""
    first = await locked.post("/v1/transfers", PAY, "k")
    await asyncio.sleep(0.05)
    async with redis.asyncio.Redis(port=redis_server.port) as client:
        kept = await client.get(await name_of(db))

        assert isinstance(kept, bytes)
        assert kept.endswith(first.content)
        await client.set(await name_of(db, "other"), kept)
    answer = await locked.post("/v1/transfers", PAY, "other")
    assert said(answer) == (201, False)
    assert answer.json()["id"] != first.json()["id"]
    locks = locked.app.services.poster
    assert isinstance(locks, RedisLocks)
    counted(locked).slow = True
    locks.secret, before = bytes(32), posted(locked)
    locks.secret_until = time.monotonic() + 60
    assert said(await locked.post("/v1/transfers", PAY, "k")) == (201, True)
    assert posted(locked) == before + 1
    await paid(db, 2)


async def test_a_process_that_dies_holds_its_keys_for_seconds_only(
    locked: Api, db: asyncpg.Connection, redis_server: RedisServer, database_url: str
) -> None:
    async with redis.asyncio.Redis(port=redis_server.port) as client:
        async with wallet_held(database_url):
            first = asyncio.create_task(locked.post("/v1/transfers", PAY, "k"))
            name = await name_of(db)
            await until(lambda: client.exists(name))
            assert 0 < await client.pttl(name) <= 5000
        await first

        async def kept() -> bool:
            return bool(await client.ttl(name) > 3600)

        await until(kept)


async def test_requests_without_a_key_leave_nothing_in_redis(
    locked: Api, db: asyncpg.Connection, redis_server: RedisServer
) -> None:
    async with redis.asyncio.Redis(port=redis_server.port) as client:
        await locked.post("/v1/transfers", PAY, "first")  # It learns which database this is.
        await until(lambda: client.keys("*:first"))
        await client.flushall()
        for _ in range(5):
            assert said(await locked.post("/v1/transfers", PAY)) == (201, False)
        await locked.post("/v1/transfers", PAY, "k")
        await until(lambda: client.keys("*:k"))
        assert await client.keys("*") == [(await name_of(db)).encode()]


async def identity(conn: asyncpg.Connection) -> tuple[object, ...]:
    (row,) = await conn.fetch("select * from zerosum.identity()")
    return tuple(row)


async def test_deployments_on_one_redis_never_meet(
    locked: Api, db: asyncpg.Connection, redis_server: RedisServer, server_url: str, template: str
) -> None:
    """The same key at the same time and afterwards, in another database and in a copy of the first."""
    first = await locked.post("/v1/transfers", PAY, "k")
    async with new_database(server_url, template) as url:
        conn = await connect(url)
        await wallets(conn, ("alice", "bob"))
        await fund(conn, "alice", 1000)
        pool = await open_pool(url, 3)
        group_commit = Counted(functools.partial(connect_to_post, url, False))
        group_commit.slow = True
        locks = RedisLocks(redis_server.url, pool, group_commit)
        app = app_over(pool, group_commit, redis_locks=locks)
        async with running(group_commit.run), running(locks.run), Api(app) as other:
            await other.allow(pool)
            assert said(await other.post("/v1/transfers", PAY, "k")) == (201, False)
        # Both databases are copies of one, with its secret, and differ all the same.
        secrets = {await one.fetchval("select secret from ledger.identity") for one in (db, conn)}
        identities = [await identity(one) for one in (db, conn)]
        await conn.close()
        await pool.close()
    assert len({part for identity in identities for part in identity}) == 6
    assert len(secrets) == 1
    assert said(await locked.post("/v1/transfers", PAY, "k")) == (201, True)
    assert first.status_code == 201


async def test_the_script_travels_once(locked: Api, redis_server: RedisServer) -> None:
    async with redis.asyncio.Redis(port=redis_server.port) as client:
        await client.config_resetstat()
        for n in range(10):
            await locked.post("/v1/transfers", PAY, f"k{n}")
        stats = await client.info("commandstats")
        assert "cmdstat_eval" not in stats
        assert stats["cmdstat_evalsha"]["calls"] >= 1
        await client.script_flush()
        assert said(await locked.post("/v1/transfers", PAY, "k0")) == (201, True)
        assert (await client.info("commandstats"))["cmdstat_script|load"]["calls"] >= 1
