"""Log lines, request ids and metrics."""

from __future__ import annotations

import json
import re

import pytest

from app.logs import RequestLog
from tests.support.api import KEY, Api
from tests.support.process import ServerProcess


async def test_each_request_has_an_id_and_a_line(
    api: Api, capsys: pytest.CaptureFixture[str]
) -> None:
    api.app.services.request_log = RequestLog()
    await api.wallets("alice")
    answer = await api.post("/v1/credits", {"wallet": "alice", "amount": 1})
    named = await api.client.get("/v1/wallets/alice", headers={"X-Request-Id": "mine-1"})
    await api.client.get("/v1/nothing", headers={"X-Request-Id": 'bad "id'})
    api.app.services.request_log.flush()
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(line["method"], line["path"], line["status"]) for line in lines] == [
        ("POST", "/v1/wallets", 201),
        ("POST", "/v1/credits", 201),
        ("GET", "/v1/wallets/alice", 200),
        ("GET", "/v1/nothing", 404),
    ]
    assert lines[1]["request_id"] == answer.headers["x-request-id"]
    assert lines[2]["request_id"] == named.headers["x-request-id"] == "mine-1"
    assert re.fullmatch("[0-9a-f]{16}", lines[3]["request_id"])


async def test_the_metrics_tell_what_happened(api: Api) -> None:
    await api.wallets("alice")
    await api.fund("alice", 5)
    await api.get("/v1/wallets/nobody")
    await api.post("/v1/holds/77/void", {})
    await api.post("/v1/webhooks/77/deliveries/1/resend", {})
    text = (await api.get("/metrics")).text
    for line in (
        'zerosum_http_requests_total{method="POST",route="/v1/credits",status="201"}',
        'zerosum_http_requests_total{method="GET",route="/v1/wallets/{id}",status="404"}',
        'zerosum_http_requests_total{method="POST",route="/v1/holds/{id}/void",status="404"}',
        'zerosum_http_requests_total{method="POST",'
        'route="/v1/webhooks/{id}/deliveries/{seq}/resend",status="404"}',
        'zerosum_http_request_duration_seconds_bucket{le="0.001",route="/v1/credits"}',
        'zerosum_outbox_events{ledger="main"} 1.0',
        'zerosum_outbox_oldest_age_seconds{ledger="main"}',
        "zerosum_batch_requests_count",
        "zerosum_queue_requests 0.0",
        "zerosum_relay_leader",
        "zerosum_relay_listen_healthy",
        "zerosum_slow_lane_requests 0.0",
    ):
        assert line in text, line


async def test_no_line_holds_a_secret(server: ServerProcess) -> None:
    await server.start()
    async with server.client() as client:
        made = (await client.post("/v1/webhooks", json={"url": "http://127.0.0.1:1/"})).json()
        key = (await client.post("/v1/keys", json={"scope": "read"})).json()["key"]
        await client.post("/v1/wallets", json={"id": "a", "asset": "USD"})
        await client.post("/v1/credits", json={"wallet": "a", "amount": 1})
        await client.get(f"/v1/wallets?after={key}")
        await client.get("/v1/wallets", headers={"Authorization": f"Bearer {key}x"})
        # Lines are written together now and then, the last of them at the end.
        await client.get("/v1/the-last")
    said = await server.end()
    assert '"path":"/v1/the-last"' in said
    lines = said[said.index("\n{") :]
    assert "Zerosum listens on" in said
    for secret in (KEY, key, made["secret"], made["secret"].removeprefix("whsec_")):
        assert secret not in said
    assert all(json.loads(line) for line in lines.splitlines() if line)
