"""A ledger's log of events as the database has it, signed."""

from __future__ import annotations

from typing import NamedTuple

import asyncpg

from app.database.connections import Fetches, call
from app.database.errors import is_purged
from app.transparency.proofs import bundle
from app.transparency.signed_notes import LogKey

Connection = Fetches


class LogState(NamedTuple):
    """A ledger's log now. log: its name, which is the ledger's, or main/2 after a restoration."""

    log: str
    size: int
    root: bytes

    @property
    def ledger(self) -> str:
        return self.log.partition("/")[0]


async def log_state(conn: Connection, ledger: int) -> LogState:
    (row,) = await call(conn, "log_state", ledger=ledger)
    return LogState(*row)


async def event_proof(conn: Connection, ledger: int, seq: int, key: LogKey) -> str | None:
    """Return the tlog-proof of an event; None: there is no such event. The event is its extra data,
    unless it is purged."""
    log, size, root = await log_state(conn, ledger)
    ((path,),) = await call(conn, "log_inclusion", ledger=ledger, seq=seq, size=size)
    if path is None:
        return None
    body = await event_body(conn, ledger, seq)
    return bundle(seq - 1, path, key.checkpoint(log, size, root), body)


async def event_body(conn: Connection, ledger: int, seq: int) -> bytes | None:
    """Return the bytes of an event; None: it is purged."""
    try:
        rows = await call(conn, "list_events", ledger=ledger, after=seq - 1, max=1)
    except asyncpg.PostgresError as error:
        if not is_purged(error):
            raise
        return None
    return rows[0]["body"].encode() if rows and rows[0]["seq"] == seq else None
