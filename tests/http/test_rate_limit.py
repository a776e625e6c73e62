"""Rate limits for each API key: in one process, in several over a real Redis, and without it when
it goes away."""

from __future__ import annotations

import contextlib
import functools
import re
import signal
from collections.abc import AsyncIterator

import pytest
from limits import parse

from app.database.connections import connect_to_post, open_pool
from app.host.supervise import running
from app.http import rate_limit
from app.http.rate_limit import RateLimit
from app.posting.group_commit import GroupCommit
from app.setting_values import BadSetting
from app.settings import read_settings
from tests.sinks.redis import RedisServer
from tests.support.api import Api, app_over

OTHER = "zs_" + "other" * 8


@contextlib.asynccontextmanager
async def limited(url: str, redis_url: str | None, limit: str = "5/hour") -> AsyncIterator[Api]:
    pool = await open_pool(url, 3)
    group_commit = GroupCommit(functools.partial(connect_to_post, url, False))
    limits = RateLimit(parse(limit), redis_url)
    app = app_over(pool, group_commit, rate_limit=limits)
    async with running(group_commit.run), Api(app) as api:
        await api.allow(pool)
        yield api
    await limits.close()
    await pool.close()


async def statuses(api: Api, count: int) -> list[int]:
    return [(await api.get("/v1/assets")).status_code for _ in range(count)]


async def test_a_key_gets_so_many_and_is_told(database_url: str) -> None:
    async with limited(database_url, None) as api:
        first = await api.get("/v1/assets")
        assert first.headers["ratelimit-policy"] == '"key";q=5;w=3600'
        left = re.fullmatch(r'"key";r=4;t=(\d+)', first.headers["ratelimit"])
        assert left is not None
        assert 0 < int(left[1]) <= 3600
        assert (await api.post("/v1/wallets", {"id": "w", "asset": "USD"})).status_code == 201
        assert await statuses(api, 3) == [200] * 3
        for refused in (
            await api.get("/v1/assets"),
            await api.post("/v1/credits", {"wallet": "w", "amount": 1}),
        ):
            assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
            assert refused.headers["ratelimit"].startswith('"key";r=0;')
            assert 0 < int(refused.headers["retry-after"]) <= 3600
        # A request without a valid key spends nobody's quota; health needs no key.
        stranger = {"Authorization": "Bearer zs_" + "x" * 20}
        assert (await api.client.get("/v1/assets", headers=stranger)).status_code == 401
        assert (await api.get("/healthz")).status_code == 200


async def test_keys_are_counted_apart_and_processes_together(
    database_url: str, redis_server: RedisServer
) -> None:
    async with (
        limited(database_url, redis_server.url) as one,
        limited(database_url, redis_server.url) as two,
    ):
        assert await statuses(one, 3) == [200] * 3
        assert await statuses(two, 3) == [200, 200, 429]
        assert await statuses(one, 1) == [429]
        await one.allow(one.app.services.pool, OTHER)
        own = {"Authorization": f"Bearer {OTHER}"}
        assert (await two.client.get("/v1/assets", headers=own)).status_code == 200


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
async def test_without_redis_each_process_counts(
    database_url: str,
    redis_server: RedisServer,
    how: signal.Signals,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # So patient that only a stopped Redis is given up, and only once.
    monkeypatch.setattr(rate_limit, "TIMEOUT_S", 1)
    monkeypatch.setattr(rate_limit, "AWAY_S", 60)
    async with limited(database_url, redis_server.url) as api:
        assert await statuses(api, 2) == [200] * 2
        redis_server.signal(how)
        assert await statuses(api, 6) == [200] * 5 + [429]


def test_the_setting() -> None:
    assert read_settings({}).rate_limit is None
    assert str(read_settings({"ZEROSUM_RATE_LIMIT": "100/second"}).rate_limit) == "100 per 1 second"
    for bad in ("100", "0/second", "x/second", "1/week", "1 per second", "-1/second"):
        with pytest.raises(BadSetting, match="ZEROSUM_RATE_LIMIT"):
            read_settings({"ZEROSUM_RATE_LIMIT": bad})
    with pytest.raises(BadSetting, match="REDIS_URL"):
        read_settings({"REDIS_URL": "http://h"})
