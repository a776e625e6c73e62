"""`?dry_run=true` on a money route: the answer it would give, nothing written.

The very call that would post is made, and rolled back. What it answers was so at that moment: another request may
come first. The id in it is nobody's.
"""

from __future__ import annotations

import asyncpg
from starlette.requests import Request

from app.batch import Answer, PostRequest, arguments
from app.committer import BEGIN, LOCK_NOT_AVAILABLE, POST, REPEATABLE
from app.db import Pool
from app.errors import Refusal
from app.query import query

TRIES = 5
HEADER = {"Zerosum-Dry-Run": "true"}


def is_dry_run(request: Request) -> bool:
    return bool(query(request).get("dry_run"))


async def rehearse(pool: Pool, requests: list[PostRequest], atomic: bool = False) -> list[Answer]:
    """Outcomes and bodies as zerosum.post gives them; raises Refusal wallet_busy, and what the driver raises."""
    if not requests:
        return []
    async with pool.pool.acquire() as conn:
        for left in reversed(range(TRIES)):
            await conn.execute(BEGIN)
            try:
                rows = await conn.fetch(
                    POST, *arguments(requests, [0] * len(requests) if atomic else [])
                )
                return [(row[0], row[1]) for row in rows]
            except asyncpg.PostgresError as error:
                if error.sqlstate == LOCK_NOT_AVAILABLE:
                    raise Refusal("wallet_busy") from None
                if error.sqlstate not in REPEATABLE or not left:
                    raise
            finally:
                if not conn.is_closed():
                    await conn.execute("rollback")
    raise AssertionError
