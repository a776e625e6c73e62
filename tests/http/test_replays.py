"""Replays over HTTP: what is asked is checked before anything is sent again."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from tests.support.api import Api
from tests.support.ledger import stamp_all


@pytest.fixture
async def ready(api: Api, db: asyncpg.Connection) -> Api:
    await api.wallets("alice")
    for _ in range(5):
        await api.fund("alice", 1)
    await stamp_all(db)
    await api.made("/v1/webhooks", {"url": "https://shop.example", "types": ["transaction.*"]})
    return api


async def test_a_replay_is_counted_created_listed_and_cancelled(ready: Api) -> None:
    counted = await ready.post("/v1/webhooks/1/replays/count", {"after_seq": 1})
    assert counted.json() == {"events": 4, "complete": True}
    assert (await ready.read("/v1/webhooks/1/deliveries"))["data"] == []
    made = await ready.post("/v1/webhooks/1/replays", {"after_seq": 1, "upto_seq": 3})
    assert made.status_code == 202, made.text
    assert (made.json()["replayed"], made.json()["state"]) == (2, "done")
    listed = (await ready.read("/v1/webhooks/1/deliveries"))["data"]
    assert [(one["seq"], one["status"]) for one in listed] == [(3, "pending"), (2, "pending")]
    second = (await ready.post("/v1/webhooks/1/replays", {"since": "2999-01-01T00:00:00Z"})).json()
    assert (second["number"], second["replayed"]) == (2, 0)
    assert [one["number"] for one in (await ready.read("/v1/webhooks/1/replays"))["data"]] == [2, 1]
    cancelled = await ready.post("/v1/webhooks/1/replays/1/cancel", None)
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "done")
    assert (await ready.post("/v1/webhooks/1/replays/9/cancel", None)).status_code == 404


async def test_dead_deliveries_are_dismissed(ready: Api, db: asyncpg.Connection) -> None:
    await db.execute(
        "insert into ledger.deliveries (ledger_id, endpoint_id, seq, status, due_at, settled_at)"
        " select 1, 1, seq, 'dead', now(), now() from ledger.events where ledger_id = 1"
    )
    gone = await ready.post("/v1/webhooks/1/dismiss", {"after_seq": 2})
    assert gone.json() == {"dismissed": 3, "more": False}
    for status, seqs in (("dead", [2, 1]), ("dismissed", [5, 4, 3])):
        listed = await ready.read(f"/v1/webhooks/1/deliveries?status={status}")
        assert [one["seq"] for one in listed["data"]] == seqs


@pytest.mark.parametrize(
    ("status", "code", "body"),
    [
        (422, "invalid_types", {"types": []}),
        (422, "invalid_effective_at", {"since": "yesterday"}),
        (422, "invalid_effective_at", {"until": "2026-01-01T00:00:00"}),
        (400, "invalid_body", {"after_seq": 1, "since": "2026-01-01T00:00:00Z"}),
        (400, "invalid_body", {"upto_seq": 1, "until": "2026-01-01T00:00:00Z"}),
        (400, "invalid_body", {"after_seq": -1}),
        (400, "invalid_body", {"status": "pending"}),
        (404, "not_found", {"source": 99}),
    ],
)
async def test_what_is_wrong_is_refused(ready: Api, status: int, code: str, body: Any) -> None:
    for path in ("/v1/webhooks/1/replays", "/v1/webhooks/1/replays/count"):
        answer = await ready.post(path, body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert (await ready.read("/v1/webhooks/1/replays"))["data"] == []


async def test_an_endpoint_that_is_none_or_disabled_gets_no_replay(ready: Api) -> None:
    for path in ("replays", "replays/count", "dismiss"):
        assert (await ready.post(f"/v1/webhooks/9/{path}", {})).status_code == 404
    assert (await ready.get("/v1/webhooks/9/replays")).status_code == 404
    await ready.post("/v1/webhooks/1/disable", None)
    refused = await ready.post("/v1/webhooks/1/replays", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "endpoint_disabled")
