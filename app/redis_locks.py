"""Redis beside the group commit: a key being worked on is refused at once, a finished one answered from a cache.

Postgres decides, whatever Redis says or loses: a lock that is not there costs a wait in a batch, and an answer is
believed only if this database, in this run of its server, gave it to this very request. Requests that come
together share one round trip; when Redis is slow or away they go on without it for a moment.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import redis.asyncio
from redis.exceptions import RedisError

from app import metrics
from app.batch import Answer, PostRequest
from app.db import DATABASE_ERRORS, Pool, call
from app.errors import Refusal
from app.group_commit import GroupCommit

TIMEOUT_S = 0.1  # What a slow Redis may cost a request,
AWAY_S = 2.0  # and for how long it is left alone then.
LOCK_S = 5  # A process that dies keeps its keys from others no longer; Postgres keeps them apart after it.
CACHE_S = 24 * 3600
CACHED_BYTES = 16 * 1024
INCARNATION_FRESH_S = 1.0
MAX_EXCHANGE = 1000
MAC_BYTES = 32
LOCK, DONE = b"L", b"D"

# KEYS: those to be taken, then those that are finished. ARGV: how many of the first, milliseconds of a lock, seconds of
# an answer, then each one's lock, then of each of the second its lock and its answer (empty: none).
# Returns of each of the first what was there, or false when it is taken now. What is finished comes first: whoever has
# an answer may ask again at once.
EXCHANGE = b"""
local takes = tonumber(ARGV[1])
local function get(key)
    local value = redis.pcall('GET', key)
    return type(value) == 'table' and 'not ours' or value
end
for i = takes + 1, #KEYS do
    local at = 3 + takes + 2 * (i - takes) - 1
    local lock, answer = ARGV[at], ARGV[at + 1]
    local now = get(KEYS[i])
    if answer ~= '' and (not now or now == lock) then
        redis.call('SET', KEYS[i], answer, 'EX', ARGV[3])
    elseif now == lock then
        redis.call('DEL', KEYS[i])
    end
end
local found = {}
for i = 1, takes do
    found[i] = get(KEYS[i])
    if not found[i] then redis.call('SET', KEYS[i], ARGV[3 + i], 'PX', ARGV[2]) end
end
return found
"""

log = logging.getLogger("zerosum")

Taking = tuple[str, bytes, "asyncio.Future[bytes | None]"]


class RedisLocks:
    """submit() as GroupCommit's; run() beside it for as long as the process serves."""

    def __init__(self, url: str, pool: Pool, group_commit: GroupCommit) -> None:
        self.pool, self.group_commit = pool, group_commit
        self.client = redis.asyncio.Redis.from_url(
            url, socket_connect_timeout=TIMEOUT_S, max_connections=1
        )
        self.process = LOCK + secrets.token_hex(8).encode()
        self.number = 0
        self.takes: list[Taking] = []
        self.finishes: list[tuple[str, bytes, bytes]] = []
        self.arrived = asyncio.Event()
        self.away_until = 0.0
        self.secret: bytes | None = None  # of this incarnation of the database; None: not known
        self.secret_until = 0.0

    async def submit(
        self, request: PostRequest, gone: Callable[[], Awaitable[bool]] | None = None
    ) -> Answer:
        """Raises Refusal request_in_progress too."""
        if request.key is None or time.monotonic() < self.away_until:
            return await self.group_commit.submit(request, gone)
        name = f"zerosum:{request.ledger}:{request.key}"
        digest = digest_of(request)
        self.number += 1
        lock = b"%s:%d" % (self.process, self.number)
        found = await self.take(name, lock)
        if found is not None and found.startswith(LOCK):
            raise Refusal("request_in_progress")
        if found and (cached := self.unsealed(name, digest, found)) is not None:
            return "replayed", cached
        try:
            outcome, body = await self.group_commit.submit(request, gone)
        except BaseException:
            self.finish(name, lock, b"")
            raise
        self.finish(name, lock, b"" if outcome == "refused" else self.sealed(name, digest, body))
        return outcome, body

    async def take(self, name: str, lock: bytes) -> bytes | None:
        """What is there; empty when it is ours now; None when Redis does not say."""
        answer: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
        self.takes.append((name, lock, answer))
        self.arrived.set()
        return await answer

    def finish(self, name: str, lock: bytes, answer: bytes) -> None:
        if time.monotonic() >= self.away_until:
            self.finishes.append((name, lock, answer))
            self.arrived.set()

    def sealed(self, name: str, digest: bytes, body: str) -> bytes:
        if self.secret is None or len(body) > CACHED_BYTES:
            return b""
        text = body.encode()
        return DONE + hmac.digest(self.secret, name.encode() + digest + text, "sha256") + text

    def unsealed(self, name: str, digest: bytes, found: bytes) -> str | None:
        """The answer, if this database gave it to the very same request."""
        mac, text = found[1 : 1 + MAC_BYTES], found[1 + MAC_BYTES :]
        if self.secret is None or not found.startswith(DONE):
            return None
        expected = hmac.digest(self.secret, name.encode() + digest + text, "sha256")
        return text.decode() if hmac.compare_digest(mac, expected) else None

    async def run(self) -> None:
        try:
            while True:
                await self.arrived.wait()
                self.arrived.clear()
                while self.takes or self.finishes:
                    takes, self.takes = self.takes[:MAX_EXCHANGE], self.takes[MAX_EXCHANGE:]
                    finishes = self.finishes[:MAX_EXCHANGE]
                    del self.finishes[:MAX_EXCHANGE]
                    try:
                        await self.know_the_database()
                        await self.exchange(takes, finishes)
                    finally:
                        for _, _, answer in takes:
                            if not answer.done():
                                answer.set_result(None)
        finally:
            for _, _, answer in self.takes:
                if not answer.done():
                    answer.set_result(None)
            await self.client.aclose()

    async def exchange(self, takes: list[Taking], finishes: list[tuple[str, bytes, bytes]]) -> None:
        """One round trip, within TIMEOUT_S; if it fails Redis is left alone for a while."""
        names = [name for name, _, _ in takes] + [name for name, _, _ in finishes]
        given: list[Any] = [len(takes), LOCK_S * 1000, CACHE_S, *(lock for _, lock, _ in takes)]
        for _, lock, body in finishes:
            given += (lock, body)
        try:
            async with asyncio.timeout(TIMEOUT_S):
                found = await self.client.execute_command(  # type: ignore[no-untyped-call]
                    "EVAL", EXCHANGE, len(names), *names, *given
                )
        except (RedisError, OSError, TimeoutError) as error:
            if self.away_until + AWAY_S < time.monotonic():
                log.warning(
                    "Redis does not answer (%s); keys are kept apart by Postgres alone meanwhile",
                    error or type(error).__name__,
                )
            self.away_until = time.monotonic() + AWAY_S
            self.finishes.clear()
            metrics.REDIS.set(0)
            await self.client.connection_pool.disconnect()
            return
        metrics.REDIS.set(1)
        for (_, _, answer), value in zip(takes, found, strict=True):
            if not answer.done():
                answer.set_result(value or b"")

    async def know_the_database(self) -> None:
        """An answer is this database's only while the same server runs on."""
        if time.monotonic() < self.secret_until:
            return
        try:
            ((name,),) = await call(self.pool, "incarnation")
        except DATABASE_ERRORS:
            self.secret = None
            return
        self.secret = hashlib.sha256(name.encode()).digest()
        self.secret_until = time.monotonic() + INCARNATION_FRESH_S


def digest_of(request: PostRequest) -> bytes:
    """Of all that makes a request the same. What differs only in its spelling differs here: then Postgres decides."""
    return hashlib.sha256(msgspec.json.encode(request)).digest()
