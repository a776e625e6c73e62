"""An answer's claim about a request is true, whatever happens to the connection under it, and
whenever.

A proxy cuts or holds back the bytes of a batch at each of its steps. Then the database may be there
again, refuse connections, or be read-only. "Nothing was written" must stay true, also after the
bytes that were held back arrive.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import itertools
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import httpx
import pytest

from app.database import connections as db_module
from app.database.connections import connect_to_post, open_pool
from app.database.errors import Failure, failure
from app.host.supervise import running
from app.posting import committer as committer_module
from app.posting import lost_backends as lost_module
from app.posting import waiting as batch_module
from app.posting.group_commit import GroupCommit
from tests.conftest import new_database
from tests.support.api import Api, app_over
from tests.support.ledger import verify
from tests.support.proxy import Proxy
from tests.support.rooms import let_in

CREDIT = {"wallet": "victim", "amount": 1}
# The steps: the call, its answer. Through a pooler the commit is a call of its own.
TRAPS = [
    (False, b"victim", "cut"),
    (False, b"victim", "hold"),
    (False, b"victim", "cut_answer"),
    (False, b"victim", "hold_answer"),
    *(
        pytest.param(True, marker, action, marks=pytest.mark.slow)
        for marker in (b"begin isolation", b"victim", b"commit\0")
        for action in ("cut", "hold", "cut_answer", "hold_answer")
    ),
]
# What the database is like for new connections, besides "there". The proxy says so, whichever
# Postgres is behind it. read_only: it accepts them, and refuses to write.
AT_A_TIME = 4
PATIENT_S = 10
AWAY = ("53300", "28P01", "57P03", "3D000", "read_only", "silent")
SAYS_NOTHING_WAS_WRITTEN = {"database_unavailable", "wallet_busy", "queue_full"}


@pytest.fixture
async def proxy(tmp_path: Path, database_url: str) -> AsyncIterator[Proxy]:
    async with Proxy(tmp_path, database_url) as proxy:
        yield proxy


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same waits in the same order, each a fraction as long."""
    monkeypatch.setattr(db_module, "CALL_LIMIT_S", 0.5)
    monkeypatch.setattr(db_module, "CONNECT_TIMEOUT_S", 0.5)
    monkeypatch.setattr(batch_module, "DEADLINE_S", 2.5)
    monkeypatch.setattr(lost_module, "GONE_AFTER_S", 60)


@contextlib.asynccontextmanager
async def serving(url: str, through: str, pooled: bool) -> AsyncIterator[Api]:
    """The app over `url`, its money over `through`. Only the latter is to be quick: cells that go on
    at the same time wait for each other's work."""
    pool = await open_pool(url, 3, limit_s=PATIENT_S)
    group_commit = GroupCommit(functools.partial(connect_to_post, through, pooled))
    group_commit.committer.outage.patience_s = 1.0
    try:
        async with running(group_commit.run), Api(app_over(pool, group_commit)) as api:
            await api.allow(pool)
            yield api
    finally:
        await pool.close()


async def settled(db: asyncpg.Connection) -> int:
    """Return the balance once nothing is under way any more."""
    others = (
        "select count(*) from pg_stat_activity where datname = current_database()"
        " and pid <> pg_backend_pid() and (state <> 'idle' or wait_event_type = 'Lock')"
    )
    while await db.fetchval(others):  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    balance: int = await db.fetchval("select posted from ledger.wallets where id = 'victim'")
    return int(balance)


async def turn(db: asyncpg.Connection, proxy: Proxy, after: str) -> None:
    """Make the database so for new connections."""
    if after == "read_only":
        name = await db.fetchval("select current_database()")
        await db.execute(f"alter database {name} set default_transaction_read_only = on")
    elif after == "silent":
        proxy.held_from_start = True
    elif after != "there":
        proxy.refusal = after


async def turn_back(db: asyncpg.Connection, proxy: Proxy) -> None:
    await db.execute("set default_transaction_read_only = off")
    name = await db.fetchval("select current_database()")
    await db.execute(f"alter database {name} reset default_transaction_read_only")
    proxy.release()


@pytest.mark.parametrize("key", [None, "k"])
@pytest.mark.parametrize(("pooled", "marker", "action"), TRAPS)
async def test_no_answer_claims_what_is_not_so(
    database_url: str,
    tmp_path: Path,
    quick: None,
    pooled: bool,
    marker: bytes,
    action: str,
    key: str | None,
) -> None:
    await spring(tmp_path, database_url, pooled, marker, action, "there", key)


@pytest.mark.slow
@pytest.mark.once
@pytest.mark.parametrize(("pooled", "marker", "action"), TRAPS)
async def test_no_answer_claims_what_is_not_so_while_the_database_is_away(
    server_url: str,
    template: str,
    tmp_path: Path,
    quick: None,
    pooled: bool,
    marker: bytes,
    action: str,
) -> None:
    """The cells wait more than they work, so several go on at a time."""
    turns = asyncio.Semaphore(AT_A_TIME)

    async def cell(after: str, key: str | None) -> None:
        room = tmp_path / f"{after}{key}"
        room.mkdir()
        async with turns, new_database(server_url, template) as url:
            await spring(room, url, pooled, marker, action, after, key)

    async with asyncio.TaskGroup() as cells:
        for after, key in itertools.product(AWAY, (None, "k")):
            cells.create_task(cell(after, key))


async def spring(
    room: Path,
    url: str,
    pooled: bool,
    marker: bytes,
    action: str,
    after: str,
    key: str | None,
) -> None:
    """Credit a wallet while this happens at this step, and compare the answer with what is there.
    after: what the database is like then."""
    async with (
        contextlib.AsyncExitStack() as stack,
        Proxy(room, url) as proxy,
        serving(url, proxy.url, pooled) as api,
    ):
        db = await asyncpg.connect(url, timeout=PATIENT_S)
        stack.push_async_callback(db.close)
        await api.wallets("other", "victim")
        await repeated(api, "before", "other")  # The connection for money is open.
        proxy.trap(marker, action)
        sending = asyncio.create_task(api.post("/v1/credits", CREDIT, key))
        await proxy.sprung.wait()
        await turn(db, proxy, after)
        answer = await sending
        await turn_back(db, proxy)
        balance = await settled(db)
        if answer.status_code == 201:
            assert balance == 1
        else:
            assert answer.status_code == 503, answer.text
            assert answer.headers["retry-after"]
            code = answer.json()["code"]
            assert code in {*SAYS_NOTHING_WAS_WRITTEN, "outcome_unknown"}
            if code != "outcome_unknown":
                assert balance == 0
        # What is held back after the commit was sent keeps its locks until the server ends it.
        if (
            after == "there"
            and action != "hold_answer"
            and (marker, action) != (b"commit\0", "hold")
        ):
            assert answer.status_code == 201, answer.text
        if key is not None:
            again = await repeated(api, key)
            assert again.status_code == 201
            assert await settled(db) == 1
            if balance == 1:
                assert again.headers["idempotency-replayed"] == "true"
        assert await verify(db) == []


async def repeated(api: Api, key: str, wallet: str = "victim") -> httpx.Response:
    """Credit until the answer is no 503, as a client does."""
    while True:
        answer = await api.post("/v1/credits", {**CREDIT, "wallet": wallet}, key)
        if answer.status_code != 503:
            return answer
        await asyncio.sleep(0.1)


@pytest.mark.slow
@pytest.mark.parametrize("state", ["53300", "28P01", "57P03", "3D000", "08006"])
async def test_what_was_never_sent_is_database_unavailable(
    db: asyncpg.Connection, database_url: str, proxy: Proxy, quick: None, state: str
) -> None:
    async with serving(database_url, proxy.url, pooled=False) as api:
        await api.wallets("victim")
        proxy.refusal = state
        answer = await api.post("/v1/credits", CREDIT)
        assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
        proxy.release()
        assert (await repeated(api, "k")).status_code == 201
    assert await settled(db) == 1


async def test_a_refusal_is_not_believed_while_an_earlier_attempt_may_still_post(
    db: asyncpg.Connection,
    database_url: str,
    proxy: Proxy,
    quick: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The network holds back the first attempt, and the second one finds too little. Then money
    comes in, and the first one arrives. Behind a pooler nobody can end the first attempt."""
    async with serving(database_url, proxy.url, pooled=True) as api:
        await api.wallets("victim", "bob")
        debit = {"source": "victim", "destination": "bob", "amount": 1}
        assert (await api.post("/v1/transfers", debit)).json()["code"] == "insufficient_funds"
        proxy.trap(b"victim", "hold")
        answer = await api.post("/v1/transfers", debit)
        assert answer.json()["code"] == "outcome_unknown"
    # Without a pooler the next connection ends the earlier backend, so the refusal is certain.
    proxy.release()
    async with serving(database_url, proxy.url, pooled=False) as api:
        proxy.trap(b"victim", "hold")
        answer = await api.post("/v1/transfers", debit)
        assert answer.json()["code"] == "insufficient_funds"
        await api.fund("victim", 5)
        proxy.release()
        await asyncio.sleep(0.3)
        assert await settled(db) == 5


@pytest.mark.slow
async def test_attempts_are_few_while_the_database_refuses(
    database_url: str, proxy: Proxy, quick: None, caplog: pytest.LogCaptureFixture
) -> None:
    """64 clients go on asking. There is about one attempt a second, and one log line says why."""
    async with serving(database_url, proxy.url, pooled=False) as api:
        await api.wallets("victim")
        api.app.services.group_commit.committer.outage.patience_s = 0.2
        proxy.refusal = "53300"
        stop = asyncio.get_running_loop().time() + 3
        codes: list[str] = []

        async def ask() -> None:
            while asyncio.get_running_loop().time() < stop:
                codes.append((await api.post("/v1/credits", CREDIT)).json()["code"])
                await asyncio.sleep(0.01)

        await asyncio.gather(*(ask() for _ in range(64)))
        assert set(codes) == {"database_unavailable"}
        assert proxy.accepted < 12
        told = [r for r in caplog.records if "the database is away" in r.getMessage()]
        assert len(told) == 1
        assert not any(r.exc_info for r in caplog.records)


async def test_a_server_that_is_read_only_is_left_for_one_that_is_not(
    db: asyncpg.Connection, database_url: str, proxy: Proxy, quick: None
) -> None:
    """A kept connection leads to the former primary. After the failover the next connection leads
    to the new one."""
    async with serving(database_url, proxy.url, pooled=False) as api:
        await api.wallets("victim")
        await api.fund("victim", 1)
        # This session alone is read-only, as one to a former primary is.
        conn = api.app.services.group_commit.committer.conn
        assert conn is not None
        await conn.execute("set default_transaction_read_only = on")
        assert (await api.post("/v1/credits", CREDIT)).status_code == 201
        pool = api.app.services.pool.pool
        held = [await pool.acquire() for _ in range(3)]
        for one in held:
            await one.execute("set default_transaction_read_only = on")
            await pool.release(one)
        refused = await api.post("/v1/wallets", {"id": "w", "asset": "USD"})
        assert (refused.status_code, refused.json()["code"]) == (503, "database_unavailable")
        await api.wallets("w", "x", "y")


def test_the_waits_fit_into_a_requests_deadline() -> None:
    """The server gives up before the client does, and there is time for another attempt then."""
    server_s = db_module.POST_LIMITS["statement_timeout"] / 1000
    assert server_s < db_module.CALL_LIMIT_S < lost_module.GONE_AFTER_S + 1
    assert 2 * db_module.CALL_LIMIT_S < batch_module.DEADLINE_S
    assert committer_module.PATIENCE_S < batch_module.DEADLINE_S


RAISE = """
create function ledger.fail() returns trigger language plpgsql as
    $$begin raise exception 'as the server says it' using errcode = '{state}'; end$$;
create trigger fail before insert on ledger.entries for each statement execute function ledger.fail();
create trigger fail before insert on ledger.assets for each statement execute function ledger.fail();
"""


@pytest.mark.slow
@pytest.mark.parametrize("state", ["53100", "53200", "57014", "25006", "58030", "57P03"])
async def test_what_the_server_says_of_itself_is_database_unavailable(
    db: asyncpg.Connection,
    database_url: str,
    proxy: Proxy,
    quick: None,
    state: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Disk full, no memory, cancelled, read-only: for many requests at once, with one line and no
    traceback. The server recovers."""
    async with serving(database_url, proxy.url, pooled=False) as api:
        await api.wallets("victim")
        await db.execute(RAISE.format(state=state))
        asked = [api.post("/v1/credits", CREDIT, f"k{n}") for n in range(40)]
        for answer in await asyncio.gather(
            *asked, api.post("/v1/assets", {"code": "A", "scale": 0})
        ):
            assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
            assert answer.headers["retry-after"]
        assert len([r for r in caplog.records if "the database is away" in r.getMessage()]) == 1
        assert not any(r.exc_info for r in caplog.records)
        assert await settled(db) == 0
        await db.execute("drop trigger fail on ledger.entries")
        assert (await repeated(api, "k0")).status_code == 201
    assert await settled(db) == 1


@pytest.mark.parametrize(
    ("state", "found"),
    [
        *((code, Failure.LOST) for code in ("08000", "08006", "08P01", "57P01", "57P02", "57P05")),
        *((code, Failure.AWAY) for code in ("53000", "53400", "28000", "28P01", "3D000", "58000")),
        *((code, Failure.AWAY) for code in ("25006", "57014", "57P03", "53100", "53300")),
        *((code, Failure.CONFLICT) for code in ("40001", "40P01")),
        ("55P03", Failure.LOCKED),
        *((code, Failure.FAILED) for code in ("22003", "23505", "23514", "42501", "42883")),
        *((code, Failure.FAILED) for code in ("XX000", "P0001", "0A000", "54000", "25P02")),
    ],
)
def test_every_class_of_errors_is_told_apart(state: str, found: Failure) -> None:
    error = asyncpg.PostgresError.new({"C": state, "M": "", "S": "ERROR"})
    assert failure(error) is found
    assert failure(ConnectionResetError()) is failure(TimeoutError()) is Failure.LOST


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a file system of 2 MB."""
    small = tmp_path / "small"
    small.mkdir()
    let_in(small)
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(small)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("no file system can be mounted here")
    yield small
    subprocess.run(["umount", "-l", small], check=True)


@pytest.mark.slow
async def test_a_disk_that_is_full(
    db: asyncpg.Connection, database_url: str, proxy: Proxy, quick: None, small_disk: Path
) -> None:
    """The pages of entries are on a small file system, which fills up and is emptied again."""
    space, ballast = small_disk / "space", small_disk / "ballast"
    space.mkdir()
    shutil.chown(space, owner_of(await db.fetchval("show data_directory")))
    name = f"small_{os.getpid()}"
    await db.execute(f"create tablespace {name} location '{space}'")
    await db.execute(f"alter table ledger.entries set tablespace {name}")
    async with serving(database_url, proxy.url, pooled=False) as api:
        await api.wallets("victim")
        fill(ballast)
        codes: list[str] = []
        while len(codes) < 5:
            answer = await api.post("/v1/credits", CREDIT)
            if answer.status_code != 201:
                codes.append(answer.json()["code"])
        assert set(codes) == {"database_unavailable"}
        before = await settled(db)
        ballast.unlink()
        assert (await repeated(api, "after")).status_code == 201
        assert await settled(db) == before + 1
    assert await verify(db) == []
    await db.execute("alter table ledger.entries set tablespace pg_default")
    await db.execute(f"drop tablespace {name}")


def owner_of(path: str) -> str:
    return Path(path).owner()


def fill(path: Path) -> None:
    """Write until there is no room."""
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
