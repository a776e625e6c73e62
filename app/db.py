"""Connections to Postgres, and calls of the `zerosum` functions: the only query text of the app."""

from __future__ import annotations

from typing import Any

import asyncpg

# What a call can raise: the server's own errors, and those of a connection that is not, or no more, there. The
# driver reports one that breaks while it is used as an internal error of its own.
DATABASE_ERRORS = (
    *(asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError),
    OSError,
)
# Of the server's, those that say that the connection or the server goes (SQLSTATE classes).
BROKEN = ("08", "57P")

CONNECT_TIMEOUT_S = 5
APPLICATION = {"application_name": "zerosum"}
# Milliseconds. No call that was given up commits much later, and none waits long for a lock.
POST_LIMITS = {
    "statement_timeout": 20_000,
    "lock_timeout": 250,
    "client_connection_check_interval": 1000,
}


async def connect(url: str, pooled: bool = False) -> asyncpg.Connection:
    """pooled: a pooler that changes servers between transactions is between, so no statement stays prepared."""
    return await asyncpg.connect(
        url,
        timeout=CONNECT_TIMEOUT_S,
        server_settings=APPLICATION,
        statement_cache_size=cached(pooled),
    )


def cached(pooled: bool) -> int:
    """How many statements stay prepared."""
    return 0 if pooled else 100


async def connect_to_post(url: str) -> tuple[asyncpg.Connection, bool]:
    """A connection with POST_LIMITS for its session, and True; where a pooler takes none, a plain one, and False."""
    settings = {**APPLICATION, **{name: str(value) for name, value in POST_LIMITS.items()}}
    try:
        conn = await asyncpg.connect(
            url, timeout=CONNECT_TIMEOUT_S, server_settings=settings, statement_cache_size=0
        )
        async with conn.transaction():
            ((statement_ms, lock_ms),) = await call(conn, "session_limits")
        await conn.close()
        limited = (statement_ms, lock_ms) == (
            POST_LIMITS["statement_timeout"],
            POST_LIMITS["lock_timeout"],
        )
    except asyncpg.ProtocolViolationError:  # a pooler's answer to settings that it does not know
        limited = False
    if limited:
        return await asyncpg.connect(url, timeout=CONNECT_TIMEOUT_S, server_settings=settings), True
    return await connect(url, pooled=True), False


async def is_pooled(url: str) -> bool:
    """Is a pooler between that gives each transaction another connection?"""
    conn, limited = await connect_to_post(url)
    await conn.close()
    return not limited


class Pool:
    """At most `size` connections. Through a pooler each statement is a transaction: its parts must stay together."""

    def __init__(self, pool: asyncpg.Pool, pooled: bool) -> None:
        self.pool, self.pooled = pool, pooled

    async def fetch(self, query: str, *arguments: Any) -> list[asyncpg.Record]:
        if not self.pooled:
            return await self.pool.fetch(query, *arguments)
        async with self.pool.acquire() as conn, conn.transaction():
            return await conn.fetch(query, *arguments)

    async def close(self) -> None:
        await self.pool.close()


async def open_pool(url: str, size: int, pooled: bool = False) -> Pool:
    """The first connection is made now. Small hosts give 20 in all: serve takes 5, relay 3."""
    pool = await asyncpg.create_pool(
        url,
        min_size=1,
        max_size=size,
        timeout=CONNECT_TIMEOUT_S,
        server_settings=APPLICATION,
        reset=keep,
        statement_cache_size=cached(pooled),
    )
    return Pool(pool, pooled)


async def keep(_: asyncpg.Connection) -> None:
    """We leave no session state, so nothing need be reset: that would be a round trip a query."""


def is_broken(error: BaseException) -> bool:
    """Has the connection, not the statement, failed? Then nothing is known of what was under way."""
    state = getattr(error, "sqlstate", None)
    return state is None or state.startswith(BROKEN)


async def call(
    conn: asyncpg.Connection | Pool, function: str, **arguments: Any
) -> list[asyncpg.Record]:
    """The rows of `zerosum.function(argument => value, …)`. Names come from our code, never from input."""
    named = ", ".join(f"{name} => ${i}" for i, name in enumerate(arguments, 1))
    return await conn.fetch(f"select * from zerosum.{function}({named})", *arguments.values())  # noqa: S608
