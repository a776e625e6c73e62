"""Redis beside the group commit: refuse a key that is in progress at once, answer a finished one
from a cache.

Postgres decides, whatever Redis says or loses. A missing lock costs a wait in a batch. An answer is
believed only if this database, in this run of its server, signed it for this very request. Requests
that come together share one round trip, and wait for none: Redis is asked while a request waits for
its turn.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any

import msgspec
import redis.asyncio
from redis.exceptions import RedisError

from app import metrics
from app.database.connections import Pool, call
from app.database.errors import DATABASE_ERRORS
from app.posting.group_commit import GroupCommit
from app.posting.waiting import Answer, PostRequest, Waiting

TIMEOUT_S = 0.1  # What a slow Redis may cost a request,
AWAY_S = 2.0  # and for how long it is left alone then.
# A process that dies holds its keys no longer than this; Postgres keeps duplicates apart after it.
LOCK_S = 5
CACHE_S = 24 * 3600
CACHED_BYTES = 16 * 1024
IDENTITY_FRESH_S = 1.0
MAX_EXCHANGE = 1000
GATHER_S = 0.003  # between two round trips: each costs as much as the locks of twenty requests
MAC_BYTES = 32
LOCK, DONE = b"L", b"D"

# KEYS: those to lock, then those that are finished. ARGV: how many to lock, milliseconds of a lock,
# seconds of an answer, then the lock of each key to lock, then for each finished key its lock and
# its answer (empty: none). Returns for each key to lock what was there, or false if it is locked
# now. Finished keys are written first: a client with an answer may ask again at once.
EXCHANGE = """
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


@dataclass(slots=True, eq=False)
class Take:
    """A key that is in progress. owned: whether the lock is ours; None: Redis has not answered."""

    name: str
    lock: bytes
    waiting: Waiting
    owned: bool | None = None


class RedisLocks:
    """submit() requests, as to GroupCommit; run() beside it for as long as the process serves."""

    def __init__(self, url: str, pool: Pool, group_commit: GroupCommit) -> None:
        self.pool, self.group_commit = pool, group_commit
        self.client = redis.asyncio.Redis.from_url(
            url, socket_connect_timeout=TIMEOUT_S, max_connections=1
        )
        self.exchange_script = self.client.register_script(EXCHANGE)
        self.process = LOCK + secrets.token_hex(8).encode()
        self.number = 0
        self.takes: list[Take] = []
        self.finishes: list[tuple[str, bytes, bytes]] = []
        self.arrived = asyncio.Event()
        self.away_until = 0.0
        # The secret of this run of the database, which no other deployment on the same Redis has;
        # None: not known yet.
        self.secret: bytes | None = None
        self.run_name = ""
        self.secret_until = 0.0

    async def submit(
        self, request: PostRequest, gone: Callable[[], Awaitable[bool]] | None = None
    ) -> Answer:
        """As GroupCommit.submit(). Raises Refusal request_in_progress too.

        Redis is asked while the request waits for its turn. Whichever answers first does.
        """
        keyed = (
            request.key is not None
        )  # From here on every request has a key. Nobody asks for a private one again.
        waiting = self.group_commit.enqueue([request], gone)
        if not keyed or time.monotonic() < self.away_until:
            return (await waiting.answer)[0]
        self.number += 1
        name = f"{request.ledger}:{request.key}"
        take = Take(name, b"%s:%d" % (self.process, self.number), waiting)
        self.takes.append(take)
        self.arrived.set()
        sealed_answer = b""
        try:
            ((outcome, body),) = await waiting.answer
            if outcome != "refused":
                sealed_answer = self.sealed(request, body)
        finally:
            if take.owned is not False and time.monotonic() >= self.away_until:
                self.finishes.append((name, take.lock, sealed_answer))
                self.arrived.set()
        return outcome, body

    def sealed(self, request: PostRequest, body: str) -> bytes:
        if self.secret is None or len(body) > CACHED_BYTES:
            return b""
        text = body.encode()
        return DONE + self.mac(self.secret, request, text) + text

    def unsealed(self, request: PostRequest, found: bytes) -> str | None:
        """Return the answer, if this database gave it to the very same request."""
        mac, text = found[1 : 1 + MAC_BYTES], found[1 + MAC_BYTES :]
        if self.secret is None or not found.startswith(DONE):
            return None
        return text.decode() if compare_digest(mac, self.mac(self.secret, request, text)) else None

    def mac(self, secret: bytes, request: PostRequest, text: bytes) -> bytes:
        """Return a MAC over all that makes a request the same. Postgres decides about one that
        differs in its spelling only."""
        signed = msgspec.json.encode(request) + b"\0" + text
        return hashlib.blake2b(signed, key=secret, digest_size=MAC_BYTES).digest()

    async def run(self) -> None:
        try:
            while True:
                await self.arrived.wait()
                self.arrived.clear()
                while self.takes or self.finishes:
                    takes, finishes = self.takes[:MAX_EXCHANGE], self.finishes[:MAX_EXCHANGE]
                    del self.takes[:MAX_EXCHANGE], self.finishes[:MAX_EXCHANGE]
                    await self.know_the_database()
                    await self.exchange(takes, finishes)
                    await asyncio.sleep(GATHER_S)
        finally:
            await self.client.aclose()

    async def exchange(self, takes: list[Take], finishes: list[tuple[str, bytes, bytes]]) -> None:
        """Make one round trip, within TIMEOUT_S. If it fails, leave Redis alone for a while."""
        # A request that is answered by now needs no lock, and would leave one behind.
        takes = [take for take in takes if not take.waiting.answer.done()]
        names = [take.name for take in takes] + [name for name, _, _ in finishes]
        if not names or self.secret is None:
            return
        given: list[Any] = [len(takes), LOCK_S * 1000, CACHE_S, *(take.lock for take in takes)]
        for _, lock, body in finishes:
            given += (lock, body)
        try:
            async with asyncio.timeout(TIMEOUT_S):
                found = await self.exchange_script(
                    [f"zerosum:{self.run_name}:{name}" for name in names], given
                )
        except (RedisError, OSError, TimeoutError) as error:
            if self.away_until + AWAY_S < time.monotonic():
                log.warning(
                    "Redis does not answer (%s); Postgres alone keeps duplicates apart meanwhile",
                    error or type(error).__name__,
                )
            self.away_until = time.monotonic() + AWAY_S
            self.takes.clear()
            self.finishes.clear()
            metrics.REDIS.set(0)
            await self.client.connection_pool.disconnect()
            return
        metrics.REDIS.set(1)
        for take, value in zip(takes, found, strict=True):
            take.owned = not value
            if value:
                self.answer(take, value)

    def answer(self, take: Take, found: bytes) -> None:
        """Somebody has locked the key, or has its answer. In any other case Postgres decides."""
        if found.startswith(LOCK):
            take.waiting.refuse("request_in_progress")
        elif (cached := self.unsealed(take.waiting.requests[0], found)) is not None:
            take.waiting.settle([("replayed", cached)])

    async def know_the_database(self) -> None:
        """Find out which run of which database this is: an answer counts only while the same server
        runs."""
        if time.monotonic() < self.secret_until:
            return
        try:
            ((_, self.run_name, self.secret),) = await call(self.pool, "identity")
        except DATABASE_ERRORS:
            self.secret = None
            return
        self.secret_until = time.monotonic() + IDENTITY_FRESH_S
