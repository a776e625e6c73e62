"""Endpoints of webhooks and their deliveries, and raw servers that deliveries go to."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg

from app.webhook_secret import spelled
from relay.webhooks.signing import signer

SECRET = spelled(bytes(range(32)))
SIGNERS = [signer(SECRET)]


async def subscribe(
    db: asyncpg.Connection, url: str, types: tuple[str, ...] = ("*",), ledger: int = 1
) -> int:
    body = await db.fetchval(
        "select zerosum.create_endpoint($1, $2, $3, $4)", ledger, url, list(types), SECRET
    )
    number: int = json.loads(body)["id"]
    return number


async def deliveries(db: asyncpg.Connection) -> list[asyncpg.Record]:
    return list(await db.fetch("select * from ledger.deliveries order by endpoint_id, seq"))


async def settled(db: asyncpg.Connection, count: int) -> list[asyncpg.Record]:
    """Return the deliveries, once `count` of them are no longer pending."""
    for _ in range(2000):
        rows = await deliveries(db)
        if sum(row["status"] != "pending" for row in rows) >= count:
            return rows
        await asyncio.sleep(0.01)
    raise AssertionError([dict(row) for row in rows])


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def listening(serve: Serve, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A raw server; yields its port. What it still serves at the end is aborted."""
    serving: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        try:
            await serve(reader, writer)
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
        await asyncio.sleep(0)
