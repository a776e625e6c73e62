"""Who asks: an API key names a ledger and a scope. Only the key's SHA-256 is ever looked up or
stored."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Mapping
from typing import NamedTuple

from starlette.types import Scope

from app.api_keys import API_KEY, key_hash
from app.database.connections import Pool, call
from app.database.errors import DATABASE_ERRORS
from app.errors import Refusal
from app.http.headers import field
from app.http.rate_limit import RateLimit

FRESH_S = 0.5  # A revoked key is refused after so long at the latest.
MAX_KNOWN = 10_000
MAX_PENDING, MAX_TOGETHER = 10_000, 500
BEARER = re.compile(r"bearer +(\S+) *", re.IGNORECASE)
SCOPES = ("read", "write", "admin")


log = logging.getLogger("zerosum")


class Caller(NamedTuple):
    ledger: int
    scope: str
    ledger_name: str


NOBODY = Caller(ledger=0, scope="", ledger_name="")  # No ledger has this id.

Found = Caller | Refusal


class Keys:
    """Looks API keys up: each at most once in FRESH_S, however many requests carry it. All keys
    that are asked for meanwhile share one query, so that unknown keys cost no more than known
    ones.

    pool: of its own, so that no read keeps it waiting. Known keys are remembered, unknown keys are
    not.
    """

    def __init__(self, pool: Pool, rate_limit: RateLimit | None = None) -> None:
        self.pool, self.rate_limit = pool, rate_limit
        self.known: dict[str, tuple[float, Caller]] = {}
        self.pending: dict[str, asyncio.Future[Found]] = {}
        self.task: asyncio.Task[None] | None = None

    async def admit(self, scope: Scope, needed: str) -> Caller:
        """Return whose API key the header fields carry, and count the request. Raises Refusal
        unless the key's scope is what is needed or higher."""
        key = bearer_key(scope)
        caller = await self.caller_of(key)
        await self.count(scope, key_hash(key))
        demand(caller, needed)
        return caller

    async def count(self, scope: Scope, hash_: bytes) -> None:
        """Count a request of the API key with this SHA-256. Raises Refusal rate_limited."""
        if self.rate_limit is not None:
            await self.rate_limit.check(scope, hash_.hex())

    async def caller_of(self, key: str) -> Caller:
        """Return whose API key this is. Raises Refusal."""
        known = self.known.get(key)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        return await self.look_up(key)

    async def look_up(self, key: str) -> Caller:
        """Return the caller of this key. Raises Refusal."""
        waiting = self.pending.get(key)
        if waiting is None:
            if len(self.pending) >= MAX_PENDING and key not in self.known:
                raise Refusal("queue_full")
            waiting = self.pending[key] = asyncio.get_running_loop().create_future()
            if self.task is None or self.task.done():
                self.task = asyncio.create_task(self.look_up_all())
        found = await asyncio.shield(waiting)
        if isinstance(found, Refusal):
            raise Refusal(found.code)
        return found

    async def look_up_all(self) -> None:
        """Look keys up until none is asked for. Keys that were known before come first."""
        while self.pending:
            keys = sorted(self.pending, key=lambda key: key not in self.known)[:MAX_TOGETHER]
            hashes = {key_hash(key): key for key in keys}
            until = time.monotonic() + FRESH_S
            found: Mapping[str, Found]
            try:
                rows = await call(self.pool, "find_keys", key_hashes=list(hashes))
                found = {
                    hashes[row["key_hash"]]: Caller(
                        row["ledger_id"], row["scope"], row["ledger_name"]
                    )
                    for row in rows
                }
            except DATABASE_ERRORS:
                found = dict.fromkeys(keys, Refusal("database_unavailable"))
            except Exception:  # Whatever it is, nobody may wait for ever.
                log.exception("API keys can't be looked up")
                found = dict.fromkeys(keys, Refusal("internal_error"))
            for key in keys:
                self.answer(key, found.get(key, UNKNOWN), until)

    def answer(self, key: str, found: Found, until: float) -> None:
        if isinstance(found, Caller):
            self.known[key] = until, found
            if len(self.known) > MAX_KNOWN:
                del self.known[next(iter(self.known))]
        elif found is UNKNOWN:
            self.known.pop(key, None)
        self.pending.pop(key).set_result(found)


UNKNOWN = Refusal("unauthorized")


def bearer_key(scope: Scope) -> str:
    """Return the API key in the header fields. Raises Refusal for what is none."""
    bearer = BEARER.fullmatch(field(scope, b"authorization") or "")
    if bearer is None or not API_KEY.fullmatch(bearer[1]):
        raise Refusal("unauthorized")
    return bearer[1]


def demand(caller: Caller, needed: str) -> None:
    """Raise Refusal unless the caller's key has this scope or a higher one."""
    if SCOPES.index(caller.scope) < SCOPES.index(needed):
        raise Refusal("forbidden", scope=caller.scope, needed=needed)
