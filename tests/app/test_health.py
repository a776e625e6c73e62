from __future__ import annotations

import httpx

from app.db import open_pool
from app.main import make_app


async def test_health_is_answered_and_readiness_needs_the_database(database_url: str) -> None:
    pool = await open_pool(database_url)
    transport = httpx.ASGITransport(make_app(pool))
    async with httpx.AsyncClient(transport=transport, base_url="http://zerosum") as client:
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.get("/readyz")).json() == {"status": "ok", "database": "ok"}
        await pool.close()
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert (await client.get("/healthz")).status_code == 200
