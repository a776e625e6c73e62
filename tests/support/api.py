"""An HTTP client of the app in this process, with which a test says in one line what it sends and
expects."""

from __future__ import annotations

from types import TracebackType
from typing import Any

import httpx

from app.api_keys import stored
from app.database.connections import Pool, call
from app.http.application import make_app
from app.http.asgi import App
from app.http.auth import Keys
from app.http.feed.pages import FeedPages
from app.http.feed.watch import FeedWatch
from app.http.rate_limit import RateLimit
from app.http.services import Services
from app.posting.group_commit import GroupCommit
from app.posting.redis_locks import RedisLocks
from app.transparency.signed_notes import LogKey

KEY = "zs_" + "test" * 8


def app_over(
    pool: Pool,
    group_commit: GroupCommit,
    redis_locks: RedisLocks | None = None,
    rate_limit: RateLimit | None = None,
    log_key: LogKey | None = None,
) -> App:
    """Return the app; API keys are looked up over the same pool as everything else."""
    return make_app(
        Services(
            pool=pool,
            keys=Keys(pool, rate_limit),
            group_commit=group_commit,
            poster=redis_locks or group_commit,
            feed=FeedWatch(pool),
            pages=FeedPages(pool),
            log_key=log_key,
        )
    )


class Api:
    def __init__(self, app: App) -> None:
        self.app = app
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="http://zerosum",
            headers={"Authorization": f"Bearer {KEY}"},
        )

    async def __aenter__(self) -> Api:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.client.aclose()

    async def allow(self, pool: Pool, key: str = KEY, scope: str = "admin") -> None:
        await call(pool, "add_key", ledger=1, **stored(key, scope))

    async def post(self, path: str, body: Any, key: str | None = None) -> httpx.Response:
        headers = {"Idempotency-Key": key} if key is not None else {}
        if isinstance(body, (str, bytes)):
            headers["Content-Type"] = "application/json"
            return await self.client.post(path, content=body, headers=headers)
        return await self.client.post(path, json=body, headers=headers)

    async def made(self, path: str, body: Any, key: str | None = None) -> Any:
        answer = await self.post(path, body, key)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def get(self, path: str) -> httpx.Response:
        return await self.client.get(path)

    async def delete(self, path: str) -> httpx.Response:
        return await self.client.delete(path)

    async def read(self, path: str) -> Any:
        answer = await self.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def wallets(self, *names: str, **members: Any) -> None:
        for name in names:
            await self.made("/v1/wallets", {"id": name, "asset": "USD", **members})

    async def fund(self, name: str, amount: int) -> None:
        await self.made("/v1/credits", {"wallet": name, "amount": amount})
