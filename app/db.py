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


async def connect(url: str) -> asyncpg.Connection:
    return await asyncpg.connect(url, timeout=CONNECT_TIMEOUT_S, server_settings=APPLICATION)


async def open_pool(url: str, size: int) -> asyncpg.Pool:
    """At most `size` connections, the first made now. Small hosts give 20 in all: serve takes 5, relay 3."""
    return await asyncpg.create_pool(
        url,
        min_size=1,
        max_size=size,
        timeout=CONNECT_TIMEOUT_S,
        server_settings=APPLICATION,
        reset=keep,
    )


async def keep(_: asyncpg.Connection) -> None:
    """We leave no session state, so nothing need be reset: that would be a round trip a query."""


def is_broken(error: BaseException) -> bool:
    """Has the connection, not the statement, failed? Then nothing is known of what was under way."""
    state = getattr(error, "sqlstate", None)
    return state is None or state.startswith(BROKEN)


async def call(
    conn: asyncpg.Connection | asyncpg.Pool, function: str, **arguments: Any
) -> list[asyncpg.Record]:
    """The rows of `zerosum.function(argument => value, …)`. Names come from our code, never from input."""
    named = ", ".join(f"{name} => ${i}" for i, name in enumerate(arguments, 1))
    return await conn.fetch(f"select * from zerosum.{function}({named})", *arguments.values())  # noqa: S608
