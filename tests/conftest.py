"""A real Postgres for the session, a migrated database of its own for each test."""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from app.database.connections import call, connect, connect_to_post, open_pool
from app.host.embedded import start_embedded
from app.host.migrate import migrate
from app.host.supervise import running
from app.posting.group_commit import GroupCommit
from tests.sinks.redis import RedisServer
from tests.support.api import Api, app_over
from tests.support.log_key import LOG_KEY
from tests.support.process import ServerProcess
from tests.support.receiver import Receiver
from tests.support.rooms import let_in, quick_root

# Where pytest puts its temporary folders, unless --basetemp says.
os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(quick_root()))
NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """DATABASE_URL if set (a user that may create databases), else an embedded Postgres."""
    if os.environ.get("DATABASE_URL"):
        yield os.environ["DATABASE_URL"]
        return
    room = Path(tempfile.mkdtemp(prefix="zerosum-test-", dir=quick_root()))
    room.chmod(0o755)
    server = start_embedded(room / "data")
    try:
        yield server.url
    finally:
        # Stop at once: nobody needs what a checkpoint of hundreds of databases would write, nor
        # waits until their files are gone.
        os.kill(int((room / "data/postmaster.pid").read_text().split()[0]), signal.SIGQUIT)
        server.stop()
        subprocess.run(["sh", "-c", 'rm -rf "$0" >/dev/null 2>&1 &', str(room)], check=True)


def with_database(url: str, name: str) -> str:
    head, _, query = url.partition("?")
    return f"{head.rsplit('/', 1)[0]}/{name}" + (f"?{query}" if query else "")


@pytest.fixture(scope="session")
async def template(server_url: str) -> AsyncIterator[str]:
    """The name of a database that sql/ has been applied to, with the ledgers main (1) and test (2)."""
    name = f"zerosum_template_{os.getpid()}"
    admin = await connect(server_url)
    await admin.execute(f"create database {name}")
    conn = await connect(with_database(server_url, name))
    await migrate(conn)
    await call(conn, "create_ledger", name="main")
    await call(conn, "create_ledger", name="test")
    await conn.close()
    yield name
    await admin.execute(f"drop database {name} with (force)")
    await admin.close()


@contextlib.asynccontextmanager
async def new_database(server_url: str, template: str = "template1") -> AsyncIterator[str]:
    """A database for as long as the block runs; yields its URL."""
    name = f"zerosum_test_{os.getpid()}_{next(NUMBERS)}"
    admin = await connect(server_url)
    await admin.execute(f"create database {name} template {template}")
    yield with_database(server_url, name)
    await admin.execute(f"drop database {name} with (force)")
    await admin.close()


@pytest.fixture
async def database_url(server_url: str, template: str) -> AsyncIterator[str]:
    async with new_database(server_url, template) as url:
        yield url


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    conn = await connect(database_url)
    yield conn
    await conn.close()


@pytest.fixture
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServerProcess]:
    """A server process with an embedded Postgres of its own, not started yet."""
    room = tmp_path_factory.mktemp("serve")
    let_in(room)
    server = ServerProcess(room)
    yield server
    if server.process is not None:
        await server.end()
    if server.postmaster() is not None:  # The server was killed: let a new one stop its database.
        await server.start()
        await server.end()
    assert server.postmaster() is None


@pytest.fixture
async def running_server(tmp_path: Path, database_url: str) -> AsyncIterator[ServerProcess]:
    """A server process over the test's database, which is up. It writes no request log."""
    server = ServerProcess(tmp_path, database_url, ZEROSUM_LOG_REQUESTS="off")
    await server.start()
    yield server
    await server.end()


@pytest.fixture
async def api(database_url: str) -> AsyncIterator[Api]:
    """The app in this process, over the test's database, with an admin key of the ledger main."""
    pool = await open_pool(database_url, 3)
    group_commit = GroupCommit(functools.partial(connect_to_post, database_url, False))
    async with running(group_commit.run), Api(app_over(pool, group_commit, log_key=LOG_KEY)) as api:
        await api.allow(pool)
        yield api
    await pool.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as receiver:
        yield receiver


@pytest.fixture
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    with contextlib.suppress(ProcessLookupError):
        server.signal(signal.SIGCONT)
    server.end()
