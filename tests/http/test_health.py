"""Whether the process answers and can serve, and its metrics. Names are shown only with a key."""

from __future__ import annotations

import sys
from pathlib import Path

import asyncpg
import httpx
import pytest

from tests.support.api import Api
from tests.support.process import ServerProcess, free_port
from tests.support.until import until

SINK = (
    "select zerosum.create_sink(g.ledger_id, 'sink-of-' || g.name, 'kafka://h/t', '{*}', 'now')"
    " from ledger.ledgers g"
)


async def test_health_is_answered_and_readiness_needs_the_database(api: Api) -> None:
    assert (await api.get("/healthz")).status_code == 200
    ready = {"status": "ok", "database": "ok", "relay": "ok"}
    assert await api.read("/readyz") == {**ready, "sinks": []}
    await api.app.services.pool.close()
    answer = await api.get("/readyz")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert (await api.get("/healthz")).status_code == 200


async def test_names_are_told_only_to_a_key_of_their_ledger(
    api: Api, db: asyncpg.Connection
) -> None:
    await db.execute(SINK)
    with_key = (await api.get("/readyz")).text + (await api.get("/metrics")).text
    assert "sink-of-main" in with_key
    assert "sink-of-test" not in with_key
    assert 'ledger="test"' not in with_key
    wrong = {"Authorization": "Bearer zs_wrongwrongwrongwrong"}
    for path in ("/readyz", "/metrics"):
        assert (await api.client.get(path, headers=wrong)).status_code == 401
    del api.client.headers["Authorization"]
    ready, metrics = await api.get("/readyz"), await api.get("/metrics")
    assert ready.json() == {"status": "ok", "database": "ok", "relay": "ok"}
    assert "zerosum_queue_requests 0.0" in metrics.text
    for name in ("sink-of", "main", "kafka"):
        assert name not in ready.text + metrics.text


async def test_a_database_that_takes_no_writes_is_not_ready(
    api: Api, db: asyncpg.Connection
) -> None:
    name = await db.fetchval("select current_database()")
    await db.execute(f"alter database {name} set default_transaction_read_only = on")
    await api.app.services.pool.pool.expire_connections()
    answer = await api.get("/readyz")
    assert (answer.status_code, answer.json()["database"]) == (503, "read-only")


async def test_an_outbox_that_does_not_move_is_told(api: Api, db: asyncpg.Connection) -> None:
    await db.execute(
        "insert into ledger.outbox (ledger_id, aggregatetype, aggregateid, type, payload, recorded_at)"
        " values (1, 'wallet', 'a', 'wallet.frozen', '{}', clock_timestamp() - interval '2 minutes')"
    )
    assert (await api.read("/readyz"))["relay"] == "behind"


@pytest.mark.parametrize("command", ["serve", "relay"])
async def test_a_port_of_its_own_names_everything(
    tmp_path: Path, database_url: str, db: asyncpg.Connection, command: str
) -> None:
    await db.execute(SINK)
    port = free_port()
    server = ServerProcess(tmp_path, database_url, ZEROSUM_METRICS_PORT=str(port))
    server.base = f"http://127.0.0.1:{port}"
    await server.start(sys.executable, "-m", "app", command)
    async with httpx.AsyncClient(base_url=server.base) as client:

        async def leads() -> bool:
            return "zerosum_relay_leader 1.0" in (await client.get("/metrics")).text

        await until(leads)
        metrics, ready = await client.get("/metrics"), await client.get("/readyz")
        assert 'zerosum_outbox_events{ledger="test"} 0.0' in metrics.text
        assert [sink["ledger"] for sink in ready.json()["sinks"]] == ["main", "test"]
        assert (await client.get("/v1/wallets")).status_code == 404
    await server.end()
    assert server.process is not None
    assert server.process.returncode == 0
