"""One process: the embedded Postgres if asked for, migrations, the HTTP server and the relay.

SIGTERM and SIGINT stop the server after the requests in flight are answered; then the pool closes, then the
embedded Postgres stops.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import secrets
import signal
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator

import asyncpg
import uvicorn
import uvloop

from app.auth import key_hash
from app.db import call, connect, open_pool
from app.embedded import database
from app.group_commit import GroupCommit
from app.main import make_app
from app.migrate import migrate
from app.settings import Settings
from relay import relay
from relay.webhook import WebhookSender

LEDGER = "main"
POOL_SIZE = 3  # and one connection for the group commit
RESTART_S = 1
GRACE_S = 20  # Hosts kill 30 s after SIGTERM.


log = logging.getLogger("zerosum")


class Server(uvicorn.Server):
    """uvicorn without its signal handling, which re-raises the signal before we could clean up."""

    when_started: Callable[[], None]

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self.when_started()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def serve(settings: Settings) -> None:
    """Run until a signal; raises EmbeddedError, EditedMigration, and what connecting raises."""
    with database(settings) as url, asyncio.Runner(loop_factory=uvloop.Loop) as runner:
        runner.run(serve_database(settings, url))


async def serve_database(settings: Settings, url: str) -> None:
    """Migrate, open what the app needs, serve until a signal, close it again in reverse order."""
    api_key = await prepare(settings, url)
    async with contextlib.AsyncExitStack() as stack:
        pool = await open_pool(url, POOL_SIZE)
        stack.push_async_callback(pool.close)
        group_commit = GroupCommit(functools.partial(connect, url))
        await stack.enter_async_context(running(group_commit.run))
        await stack.enter_async_context(relaying(settings, url))
        config = uvicorn.Config(
            make_app(pool, group_commit, settings.webhook_allow),
            host=settings.host,
            port=settings.port,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            timeout_graceful_shutdown=GRACE_S,
        )
        server = Server(config)
        loop = asyncio.get_running_loop()
        for sig in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(sig, stop, server)
        server.when_started = lambda: print(greeting(settings, api_key), flush=True)
        await server.serve()


@contextlib.asynccontextmanager
async def relaying(settings: Settings, url: str) -> AsyncIterator[None]:
    """A relay with connections of its own, for as long as the block runs."""
    pool = await open_pool(url, relay.POOL_SIZE)
    try:
        sender = WebhookSender(settings.webhook_allow)
        work = relay.Relay(pool, settings.direct_url or url, sender).run
        async with sender, running(work):
            yield
    finally:
        await pool.close()


async def prepare(settings: Settings, url: str) -> str | None:
    """Bring the database up to date; return the API key to show, if there is one to show."""
    conn = await connect(url)
    try:
        await migrate(conn)
        ((ledger,),) = await call(conn, "create_ledger", name=LEDGER)
        return await ensure_key(conn, settings, ledger)
    finally:
        await conn.close()


async def ensure_key(conn: asyncpg.Connection, settings: Settings, ledger: int) -> str | None:
    """ZEROSUM_API_KEY if set; else the key that the first start made, kept beside the embedded database's files.

    With a database elsewhere there is no such place: the key is shown once, by the start that makes it.
    """
    kept = settings.data_dir / "zerosum_api_key" if settings.database_url is None else None
    key = settings.api_key
    if key is None and kept is not None and kept.exists():
        key = kept.read_text().strip()
    if key is None:
        ((has_keys,),) = await call(conn, "has_keys", ledger=ledger)
        if has_keys:
            return None
        key = "zs_" + secrets.token_urlsafe(24)
        if kept is not None:
            kept.touch(mode=0o600)
            kept.write_text(key)
    await call(conn, "add_key", ledger=ledger, key_hash=key_hash(key), scope="admin", hint=key[:7])
    return key


@contextlib.asynccontextmanager
async def running(work: Callable[[], Coroutine[None, None, None]]) -> AsyncIterator[None]:
    """A task for as long as the block runs; should it fail, it is logged and begins anew."""
    task = asyncio.create_task(keep_running(work))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def keep_running(work: Callable[[], Coroutine[None, None, None]]) -> None:
    while True:
        try:
            await work()
        except Exception:
            log.exception("%s failed; it begins anew", work.__qualname__)
            await asyncio.sleep(RESTART_S)


def greeting(settings: Settings, api_key: str | None) -> str:
    base = f"http://{settings.host}:{settings.port}"
    if api_key is None:
        return f"Zerosum listens on {base}\nUse the API key of the first start, or set ZEROSUM_API_KEY."
    lines = [
        ("wallets", '{"id":"alice","asset":"USD"}'),
        ("wallets", '{"id":"bob","asset":"USD"}'),
        ("credits", '{"wallet":"alice","amount":1000}'),
        ("transfers", '{"source":"alice","destination":"bob","amount":250}'),
    ]
    curls = "\n".join(
        f"curl -sw '\\n' {base}/v1/{path} "
        '-H "Authorization: Bearer $KEY"'
        f" -H 'Content-Type: application/json' -d '{body}'"
        for path, body in lines
    )
    return f"""Zerosum listens on {base}
Two wallets, a credit and a transfer, to paste into another terminal:

KEY={api_key}
{curls}
"""


def stop(server: Server) -> None:
    server.should_exit = True
