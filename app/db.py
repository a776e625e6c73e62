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
LIMITED = {**APPLICATION, **{name: str(value) for name, value in POST_LIMITS.items()}}


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


async def is_pooled(url: str) -> bool:
    """Is a pooler between that gives each transaction another connection? It takes no limits for a session, then."""
    try:
        conn = await asyncpg.connect(
            url, timeout=CONNECT_TIMEOUT_S, server_settings=LIMITED, statement_cache_size=0
        )
    except asyncpg.ProtocolViolationError:  # its answer to settings that it does not know
        return True
    try:
        async with conn.transaction():
            ((statement_ms, lock_ms),) = await call(conn, "session_limits")
    finally:
        await conn.close()
    taken = {"statement_timeout": statement_ms, "lock_timeout": lock_ms}
    return not taken.items() <= POST_LIMITS.items()


async def connect_to_post(url: str, pooled: bool) -> tuple[asyncpg.Connection, bool]:
    """A connection, and whether its session has POST_LIMITS; through a pooler each transaction must bring them."""
    if pooled:
        return await connect(url, pooled=True), False
    conn = await asyncpg.connect(url, timeout=CONNECT_TIMEOUT_S, server_settings=LIMITED)
    return conn, True


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
