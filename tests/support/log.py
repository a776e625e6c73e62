"""A transparency log without the ledger's work."""

from __future__ import annotations

import asyncpg

from tests.support import merkle


async def logged(db: asyncpg.Connection, size: int, fill: bool = True) -> list[bytes]:
    """Make a log of so many leaves without the ledger's work: the events' bodies are their numbers."""
    await db.execute(
        "insert into ledger.events (ledger_id, seq, recorded_at, id, type, leaf, body)"
        " select 1, n, now(), gen_random_uuid(), 'test', sha256('\\x00' || n::text::bytea), n::text"
        " from generate_series(1, $1::int) n",
        size,
    )
    await db.execute("update ledger.feeds set last_seq = $1 where ledger_id = 1", size)
    if fill:
        await db.execute("select zerosum.fill_tiles(1, $1)", size)
    return [merkle.leaf(str(n).encode()) for n in range(1, size + 1)]
