"""What clients are told of events that are purged."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from app.setting_values import BadSetting
from app.settings import read_settings
from tests.support.api import Api
from tests.support.ledger import bundle, lease, post, req, stamp_all

PURGED = 256


@pytest.fixture
async def purged(api: Api, db: asyncpg.Connection) -> Api:
    """300 events, of which the first 256 are purged; an endpoint and a consumer."""
    await api.wallets("alice", "bob")
    await api.fund("alice", 1000)
    await post(db, *[req(("alice", "bob", 1))] * 299)
    await stamp_all(db)
    assert await bundle(db, keep=0) == 1
    epoch = await lease(db, "r")
    assert await db.fetchval("select zerosum.purge_events(1, 'r', $1, 0, 9)", epoch) == 1
    await api.made("/v1/webhooks", {"url": "https://shop.example", "types": ["*"]})
    answer = await api.client.put("/v1/consumers/worker", json={})
    assert answer.status_code == 201
    return api


REFUSED: list[tuple[str, str, Any]] = [
    ("GET", "/v1/events?after=1", None),
    ("GET", "/v1/events?after=255&wait=1", None),
    ("GET", "/v1/events/stream?after=255", None),
    ("PUT", "/v1/consumers/other", {"start": "7"}),
    ("POST", "/v1/consumers/worker/rewind", {"seq": 200}),
    ("POST", "/v1/webhooks/1/deliveries/1/resend", None),
    ("POST", "/v1/webhooks/1/replays", {"after_seq": 3}),
    ("POST", "/v1/webhooks/1/replays/count", {"since": "2020-01-01T00:00:00Z"}),
]


@pytest.mark.parametrize(("method", "path", "body"), REFUSED)
async def test_a_place_before_the_oldest_event_is_gone(
    purged: Api, method: str, path: str, body: Any
) -> None:
    answer = await purged.client.request(method, path, json=body)
    told = answer.json()
    assert (answer.status_code, told["code"]) == (410, "events_purged"), told
    assert told["purged_seq"] == PURGED
    assert f"after={PURGED}" in told["detail"]


async def test_last_event_id_is_looked_at_too(purged: Api) -> None:
    headers = {"Last-Event-ID": "9"}
    answer = await purged.client.get("/v1/events/stream?after=256", headers=headers)
    assert answer.json()["code"] == "events_purged"


async def test_the_beginning_is_the_oldest_event_that_is_kept(purged: Api) -> None:
    page = await purged.read("/v1/events?limit=2")
    assert [event["seq"] for event in page["data"]] == [257, 258]
    assert (await purged.read("/v1/events?after=256&limit=1"))["data"][0]["seq"] == 257
    assert (await purged.client.put("/v1/consumers/all", json={"start": "beginning"})).is_success
    leased = (await purged.post("/v1/consumers/all/lease", {"limit": 1})).json()
    assert leased["data"][0]["seq"] == 257
    counted = (await purged.post("/v1/webhooks/1/replays/count", {})).json()
    assert counted == {"events": 44, "complete": True}


async def test_the_log_still_proves_them(purged: Api) -> None:
    assert (await purged.read("/v1/proof"))["log"]["size"] == 300
    proof = await purged.client.get("/v1/proof/events/3")
    assert proof.status_code == 200
    assert "extra" not in proof.text
    assert (await purged.client.get("/v1/proof/tile/0/000")).status_code == 200
    # C2SP tlog-tiles has no status of its own for entries that are no longer there.
    assert (await purged.client.get("/v1/proof/tile/entries/000")).status_code == 404


def test_events_are_kept_as_long_as_deliveries() -> None:
    for deliveries, events in (("100", "99"), ("0", "100"), ("7776000", "3600")):
        with pytest.raises(BadSetting, match="ZEROSUM_KEEP_EVENTS must be at least"):
            read_settings({"ZEROSUM_KEEP_DELIVERIES": deliveries, "ZEROSUM_KEEP_EVENTS": events})
    for deliveries, events in (("100", "100"), ("100", "0"), ("0", "0")):
        given = {"ZEROSUM_KEEP_DELIVERIES": deliveries, "ZEROSUM_KEEP_EVENTS": events}
        assert read_settings(given).keep_events == int(events)
    assert read_settings({}).keep_events == 0
