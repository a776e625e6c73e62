"""`?dry_run=true` on a money route: the answer it would give, nothing written.

The very call that would post is made, and rolled back. What it answers was so at that moment: another request may
come first. The id in it is nobody's.
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
    """Outcomes and bodies as zerosum.post gives them; raises Refusal wallet_busy, and what the driver raises."""
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
