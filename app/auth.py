"""Who asks: an API key names a ledger and a scope. Only the key's sha256 is ever looked up or kept."""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from typing import NamedTuple

from starlette.requests import Request

from app.db import Pool, call
from app.db_errors import DATABASE_ERRORS
from app.errors import Refusal
from app.headers import field
from app.rate_limit import RateLimit
from app.settings import API_KEY

FRESH_S = 0.5  # A revoked key is refused this much later at most.
MAX_CACHED = 10_000
BEARER = re.compile(r"bearer +(\S+) *", re.IGNORECASE)
SCOPES = ("read", "write", "admin")


CALLER = "zerosum.caller"  # In the scope: who asks, once the key is known.


class Caller(NamedTuple):
    ledger: int
    scope: str


class Keys:
    """Looks API keys up, each at most once in FRESH_S however many requests carry it."""

    def __init__(self, pool: Pool, rate_limit: RateLimit | None = None) -> None:
        self.pool, self.rate_limit = pool, rate_limit
        self.cached: dict[str, tuple[float, asyncio.Task[Caller | None]]] = {}

    async def admit(self, request: Request, needed: str) -> None:
        """Find out who asks, for caller_of(); raises Refusal unless the key's scope is what is needed or higher."""
        bearer = BEARER.fullmatch(field(request, b"authorization") or "")
        if bearer is None or not API_KEY.fullmatch(bearer[1]):
            raise Refusal("unauthorized")
        key = bearer[1]
        now = time.monotonic()
        found = self.cached.get(key)
        if found is None or found[0] <= now:
            if len(self.cached) >= MAX_CACHED:
                self.cached.clear()
            found = (now + FRESH_S, asyncio.create_task(self.look_up(key)))
            self.cached[key] = found
        task = found[1]
        try:
            caller = task.result() if task.done() else await asyncio.shield(task)
        except DATABASE_ERRORS:
            self.cached.pop(key, None)
            raise Refusal("database_unavailable") from None
        if caller is None:
            raise Refusal("unauthorized")
        if self.rate_limit is not None:
            await self.rate_limit.check(request, key_hash(key).hex())
        demand(caller, needed)
        request.scope[CALLER] = caller

    async def look_up(self, key: str) -> Caller | None:
        rows = await call(self.pool, "authenticate", key_hash=key_hash(key))
        return Caller(rows[0]["ledger_id"], rows[0]["scope"]) if rows else None


def caller_of(request: Request) -> Caller:
    """Who asks. Every operation that has a scope was admitted before its handler runs."""
    caller: Caller = request.scope[CALLER]
    return caller


def demand(caller: Caller, needed: str) -> None:
    """Raises Refusal unless the caller's key has this scope or a higher one."""
    if SCOPES.index(caller.scope) < SCOPES.index(needed):
        raise Refusal("forbidden", scope=caller.scope, needed=needed)


def key_hash(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
