"""A dry run: what a money request would be answered, and nothing written.

It makes the very call that would post, and rolls back. The answer was true at that moment; another
request may come first. The id in it belongs to nobody.
"""

from __future__ import annotations

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from app.database.connections import BEGIN_POST, Pool, time_limit
from app.database.errors import Failure, failure
from app.errors import Refusal
from app.posting.committer import POST
from app.posting.waiting import Answer, PostRequest, arguments

TRIES = 5


async def rehearse(pool: Pool, requests: list[PostRequest], atomic: bool = False) -> list[Answer]:
    """Return outcomes and bodies as zerosum.post returns them. Raises Refusal wallet_busy, and what
    the driver raises."""
    if not requests:
        return []
    units = [0] * len(requests) if atomic else []
    conn = await pool.acquire()
    try:
        with time_limit(conn):
            return await rehearse_on(conn, arguments(requests, units))
    finally:
        await pool.release(conn)


async def rehearse_on(conn: PoolConnectionProxy, given: tuple[object, ...]) -> list[Answer]:
    for left in reversed(range(TRIES)):
        await conn.execute(BEGIN_POST)
        try:
            rows = await conn.fetch(POST, *given)
            return [(row[0], row[1]) for row in rows]
        except asyncpg.PostgresError as error:
            if failure(error) is Failure.LOCKED:
                raise Refusal("wallet_busy") from None
            if failure(error) is not Failure.CONFLICT or not left:
                raise
        finally:
            if not conn.is_closed():
                await conn.execute("rollback")
    raise AssertionError
