from __future__ import annotations

from tests.api import Api


async def test_health_is_answered_and_readiness_needs_the_database(api: Api) -> None:
    assert (await api.get("/healthz")).status_code == 200
    assert await api.read("/readyz") == {"status": "ok", "database": "ok", "sinks": []}
    await api.app.state.pool.close()
    answer = await api.get("/readyz")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert (await api.get("/healthz")).status_code == 200
