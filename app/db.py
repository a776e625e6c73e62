"""Connections to Postgres, and calls of the `zerosum` functions: the only query text of the app."""

from __future__ import annotations

from typing import Any

import asyncpg

POOL_SIZE = 4  # Small hosts give 20 connections to everything: serve takes at most 5, relay 3.
CONNECT_TIMEOUT_S = 10

# The planner must never spend a batch's time on compiling it.
SERVER_SETTINGS = {"jit": "off", "application_name": "zerosum"}


async def open_pool(url: str) -> asyncpg.Pool:
    return await asyncpg.create_pool(
        url,
        min_size=1,
        max_size=POOL_SIZE,
        timeout=CONNECT_TIMEOUT_S,
        server_settings=SERVER_SETTINGS,
    )


async def connect(url: str) -> asyncpg.Connection:
    return await asyncpg.connect(url, timeout=CONNECT_TIMEOUT_S, server_settings=SERVER_SETTINGS)


async def call(
    conn: asyncpg.Connection | asyncpg.Pool, function: str, **arguments: Any
) -> list[asyncpg.Record]:
    """The rows of `zerosum.function(argument => value, …)`. Names come from our code, never from input."""
    named = ", ".join(f"{name} => ${i}" for i, name in enumerate(arguments, 1))
    return await conn.fetch(f"select * from zerosum.{function}({named})", *arguments.values())  # noqa: S608
