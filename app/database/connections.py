"""Connections to Postgres, and calls of the `zerosum` functions: the only query text of the app.

Every wait for Postgres ends. A connection is dropped when a call takes longer than CALL_LIMIT_S,
since a stopped server or a vanished host never says so. TCP's own probes find those between calls.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any, Protocol

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from app.database.errors import DATABASE_ERRORS, NotConnected, is_away
from app.database.outage import Outage

CONNECT_TIMEOUT_S = 5
# Seconds that the client waits for an answer. The server gives up before that (statement_timeout
# below).
CALL_LIMIT_S = 10.0
CLOSE_S = 5
KEEPALIVE = {"TCP_KEEPIDLE": 15, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 30_000}
# What a database or a role may set otherwise, and what answers, stored values or the driver depend
# on.
PINNED = {
    "standard_conforming_strings": "on",
    "default_transaction_isolation": "read committed",
    "default_transaction_deferrable": "off",
    "search_path": "pg_catalog",
    "TimeZone": "UTC",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "bytea_output": "hex",
    "array_nulls": "on",
    "row_security": "on",
    "quote_all_identifiers": "off",
    # A transaction whose client vanished in the middle holds its locks until then.
    "idle_in_transaction_session_timeout": "5000",
}
# Milliseconds. So no call that was given up commits much later, and none waits long for a lock.
POST_LIMITS = {
    "statement_timeout": 8_000,
    "lock_timeout": 250,
    "client_connection_check_interval": 1000,
}
READ_LIMITS = {**POST_LIMITS, "lock_timeout": 5_000}
UNLIMITED = {"statement_timeout": 0, "lock_timeout": 0, "idle_in_transaction_session_timeout": 0}

Settings = dict[str, str]


def settings_of(limits: dict[str, int]) -> Settings:
    return {**PINNED, **{name: str(value) for name, value in limits.items()}}


def set_locally(limits: dict[str, int]) -> str:
    """Return a statement that sets these limits for the transaction.

    Through a pooler settings travel with each transaction, since the next one may get another
    connection. Limits are armed when a statement starts, so they are set before the call and not
    inside it. Without a pooler the session has them, and a call is one round trip.
    """
    pairs = settings_of(limits).items()
    return "select " + ", ".join(
        f"pg_catalog.set_config('{name}', '{value}', true)" for name, value in pairs
    )


BEGIN_POST, BEGIN_READ = (
    f"begin isolation level read committed; {set_locally(limits)}"
    for limits in (POST_LIMITS, READ_LIMITS)
)


@contextlib.asynccontextmanager
async def transaction(conn: asyncpg.Connection) -> AsyncIterator[None]:
    """A transaction without limits, for what may take long: at the start and from the command line,
    through a pooler too."""
    async with conn.transaction(isolation="read_committed"):
        await conn.execute(set_locally(UNLIMITED))
        yield


async def connect(
    url: str, pooled: bool = False, limits: dict[str, int] | None = None
) -> asyncpg.Connection:
    """Open a connection.

    limits: for each statement of this session; None: none. pooled: a pooler in transaction mode is
    between, so no statement stays prepared, and the session takes no settings.
    """
    conn = await asyncpg.connect(
        url,
        timeout=CONNECT_TIMEOUT_S,
        server_settings=session(pooled, limits),
        statement_cache_size=cached(pooled),
    )
    keep_alive(conn)
    return conn


async def connect_anyhow(url: str) -> asyncpg.Connection:
    """As connect(), where it is not known yet whether a pooler is between."""
    try:
        return await connect(url)
    except asyncpg.ProtocolViolationError:  # a pooler's answer to settings that it does not know
        return await connect(url, pooled=True)


def session(pooled: bool, limits: dict[str, int] | None) -> Settings:
    named = {"application_name": "zerosum"}
    return named if pooled else {**named, **settings_of(UNLIMITED if limits is None else limits)}


def keep_alive(conn: asyncpg.Connection) -> None:
    """Let TCP find out that the host has vanished, also while nothing is sent."""
    sock = conn._transport.get_extra_info("socket")  # type: ignore[attr-defined]
    if sock is None or sock.family not in {socket.AF_INET, socket.AF_INET6}:
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in KEEPALIVE.items():
        if hasattr(socket, name):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


@contextlib.contextmanager
def time_limit(
    conn: asyncpg.Connection | PoolConnectionProxy, seconds: float | None = None
) -> Iterator[None]:
    """Drop the connection when the block takes longer than `seconds` (None: CALL_LIMIT_S). That
    ends whatever waits for it."""
    after = CALL_LIMIT_S if seconds is None else seconds
    timer = asyncio.get_running_loop().call_later(after, conn.terminate)
    try:
        yield
    finally:
        timer.cancel()


def cached(pooled: bool) -> int:
    """Return how many statements stay prepared."""
    return 0 if pooled else 100


async def is_pooled(url: str) -> bool:
    """Return whether a pooler in transaction mode is between. It takes no limits for a session."""
    try:
        conn = await asyncpg.connect(
            url,
            timeout=CONNECT_TIMEOUT_S,
            server_settings=session(False, POST_LIMITS),
            statement_cache_size=0,
        )
    except asyncpg.ProtocolViolationError:
        return True
    try:
        with time_limit(conn):
            async with conn.transaction():
                ((statement_ms, lock_ms),) = await call(conn, "session_limits")
    finally:
        conn.terminate()
    taken = {"statement_timeout": statement_ms, "lock_timeout": lock_ms}
    return not taken.items() <= POST_LIMITS.items()


async def connect_to_post(url: str, pooled: bool) -> tuple[asyncpg.Connection, bool]:
    """Return a connection, and whether its session has POST_LIMITS. Through a pooler each
    transaction must bring them."""
    return await connect(url, pooled, POST_LIMITS), not pooled


class Pool:
    """At most `size` connections. Through a pooler each statement is a transaction, whose parts
    must stay together."""

    def __init__(self, pool: asyncpg.Pool, pooled: bool, limit_s: float | None) -> None:
        self.pool, self.pooled, self.limit_s = pool, pooled, limit_s
        self.outage = Outage()

    async def fetch(self, query: str, *arguments: Any) -> list[asyncpg.Record]:
        """Run a query. Raises NotConnected when nothing was sent, and what the driver raises."""
        conn = await self.acquire()
        try:
            with time_limit(conn, self.limit_s):
                if not self.pooled:
                    return await conn.fetch(query, *arguments)
                await conn.execute(BEGIN_READ)
                try:
                    rows = await conn.fetch(query, *arguments)
                except asyncpg.PostgresError:
                    await conn.execute("rollback")
                    raise
                await conn.execute("commit")
                return rows
        except DATABASE_ERRORS as error:
            if is_away(error):
                # The other connections may be no better: after a failover each would fail a request
                # of its own.
                await self.pool.expire_connections()
            raise
        finally:
            await self.release(conn)

    async def acquire(self) -> PoolConnectionProxy:
        """Return a connection of the pool, to be released. Raises NotConnected, or what says why
        there is none."""
        if self.outage.is_closed():
            raise NotConnected("the database is away")
        try:
            async with asyncio.timeout(self.limit_s or CALL_LIMIT_S) as waiting:
                conn = await self.pool.acquire()
        except DATABASE_ERRORS as error:
            if waiting.expired():
                raise NotConnected("no connection was free in time") from None
            self.outage.failed()
            raise NotConnected(f"{error or type(error).__name__}") from error
        self.outage.succeeded()
        return conn

    async def release(self, conn: PoolConnectionProxy) -> None:
        await self.pool.release(conn)

    async def close(self) -> None:
        """Close all connections within a moment; give up what is still under way then."""
        try:
            async with asyncio.timeout(CLOSE_S):
                await self.pool.close()
        except TimeoutError:
            self.pool.terminate()


async def open_pool(
    url: str, size: int, pooled: bool = False, limit_s: float | None = None
) -> Pool:
    """Open a pool and its first connection. Small hosts allow 20 connections in all: serve takes up
    to 6, relay 3.

    limit_s: seconds for each call, and to get a connection for it; None: CALL_LIMIT_S.
    """

    async def set_up(conn: asyncpg.Connection) -> None:
        keep_alive(conn)

    pool = await asyncpg.create_pool(
        url,
        min_size=1,
        max_size=size,
        timeout=CONNECT_TIMEOUT_S,
        server_settings=session(pooled, READ_LIMITS),
        reset=keep,
        init=set_up,
        statement_cache_size=cached(pooled),
    )
    return Pool(pool, pooled, limit_s)


async def keep(_: asyncpg.Connection) -> None:
    """Reset nothing: we leave no session state, and a reset would be a round trip a query."""


class Fetches(Protocol):
    """A connection, a pool, or what stands for one."""

    async def fetch(self, query: str, *arguments: Any) -> list[asyncpg.Record]: ...


async def call(conn: Fetches, function: str, **arguments: Any) -> list[asyncpg.Record]:
    """Return the rows of `zerosum.function(argument => value, …)`. Names come from our code, never
    from input."""
    named = ", ".join(f"{name} => ${i}" for i, name in enumerate(arguments, 1))
    return await conn.fetch(f"select * from zerosum.{function}({named})", *arguments.values())  # noqa: S608
