"""Connections to Postgres, and calls of the `zerosum` functions: the only query text of the app."""

from __future__ import annotations

from typing import Any

import asyncpg

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


async def call(
    conn: asyncpg.Connection | asyncpg.Pool, function: str, **arguments: Any
) -> list[asyncpg.Record]:
    """The rows of `zerosum.function(argument => value, …)`. Names come from our code, never from input."""
    named = ", ".join(f"{name} => ${i}" for i, name in enumerate(arguments, 1))
    return await conn.fetch(f"select * from zerosum.{function}({named})", *arguments.values())  # noqa: S608
