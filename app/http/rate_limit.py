"""A limit of requests for each API key: in all processes together where there is a Redis, else in
each.

It is off unless ZEROSUM_RATE_LIMIT is set. The window slides. A Redis that is away or slow is left
alone for a moment, and each process counts by itself meanwhile: nobody is refused because of it,
and nobody goes without a limit.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time

from limits import RateLimitItem
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from redis.asyncio import ConnectionPool
from starlette.types import Scope

from app.errors import Refusal
from app.http.headers import ANSWER_HEADERS

TIMEOUT_S = 0.1
AWAY_S = 2.0

log = logging.getLogger("zerosum")


class RateLimit:
    """Call check() for each request. item: how many, in how long. deployment: whose counts these
    are, on a Redis that several share."""

    def __init__(
        self, item: RateLimitItem, redis_url: str | None = None, deployment: str = ""
    ) -> None:
        self.item = item
        self.alone = SlidingWindowCounterRateLimiter(MemoryStorage())
        self.together: SlidingWindowCounterRateLimiter | None = None
        self.pool: ConnectionPool | None = None
        if redis_url is not None:
            self.pool = ConnectionPool.from_url(
                redis_url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S
            )
            storage = RedisStorage(
                "async+" + redis_url.replace("unix://", "redis+unix://"),
                implementation="redispy",
                key_prefix=f"zerosum-rate:{deployment}",
                connection_pool=self.pool,  # type: ignore[arg-type]
            )
            self.together = SlidingWindowCounterRateLimiter(storage)
        self.away_until = 0.0

    async def close(self) -> None:
        if self.pool is not None:
            await self.pool.disconnect()

    async def check(self, scope: Scope, key_hash: str) -> None:
        """Count this request of this API key, and put the state of the limit on its answer. Raises
        Refusal rate_limited."""
        allowed, left, reset_s = await self.count(key_hash)
        quota, window = self.item.amount, self.item.get_expiry()
        # The fields of draft-ietf-httpapi-ratelimit-headers: the quota, what is left of it, and
        # when it is renewed.
        fields = {
            "ratelimit-policy": f'"key";q={quota};w={window}',
            "ratelimit": f'"key";r={left};t={reset_s}',
        }
        if not allowed:
            fields["retry-after"] = str(reset_s)
        scope[ANSWER_HEADERS] = [(n.encode(), v.encode()) for n, v in fields.items()]
        if not allowed:
            raise Refusal("rate_limited", limit=f"{quota} in {window} s")

    async def count(self, key_hash: str) -> tuple[bool, int, int]:
        if self.together is not None and time.monotonic() >= self.away_until:
            try:
                async with asyncio.timeout(2 * TIMEOUT_S):
                    return await self.hit(self.together, key_hash)
            except Exception as error:  # Whatever the library raises, money must not wait.
                why = error or type(error).__name__
                log.warning("each process counts rate limits by itself for a while: %s", why)
                self.away_until = time.monotonic() + AWAY_S
        return await self.hit(self.alone, key_hash)

    async def hit(
        self, limiter: SlidingWindowCounterRateLimiter, key_hash: str
    ) -> tuple[bool, int, int]:
        allowed = await limiter.hit(self.item, key_hash)
        stats = await limiter.get_window_stats(self.item, key_hash)
        return allowed, max(0, stats.remaining), max(1, math.ceil(stats.reset_time - time.time()))
