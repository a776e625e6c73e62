"""Endpoints and the feed over HTTP; which addresses webhooks may go to."""

from __future__ import annotations

import base64
import ipaddress
from typing import Any

import asyncpg
import pytest

from app.egress import BadUrl, check_url, is_allowed
from tests.support.api import Api
from tests.support.ledger import lease, stamp, stamp_all
from tests.support.webhooks import SECRET

ALLOW = (ipaddress.IPv4Network("10.1.0.0/16"),)


async def test_an_endpoint_is_made_with_a_secret(api: Api) -> None:
    made = await api.made("/v1/webhooks", {"url": "https://example.com/hook"})
    assert (made["url"], made["types"], made["status"]) == (
        "https://example.com/hook",
        ["*"],
        "enabled",
    )
    assert made["secret"].startswith("whsec_")
    assert len(base64.b64decode(made["secret"].removeprefix("whsec_"))) == 32


@pytest.mark.parametrize(
    ("code", "body"),
    [
        ("invalid_url", {"url": "http://example.com"}),
        ("invalid_url", {"url": "https://127.0.0.1/"}),
        ("invalid_url", {"url": "https://[::1]/"}),
        ("invalid_url", {"url": "https://user:pass@example.com/"}),
        ("invalid_url", {"url": "ftp://example.com/"}),
        ("invalid_url", {"url": "https://"}),
        ("invalid_url", {"url": "https://example.com:99999/"}),
        ("invalid_url", {"url": "https://exa mple.com/"}),
        ("invalid_url", {"url": "https://exa\0mple.com/"}),
        ("invalid_url", {"url": "https://éxample.com/"}),
        ("invalid_url", {"url": "https://example.com/" + "x" * 2048}),
        ("invalid_types", {"url": "https://example.com", "types": []}),
        ("invalid_types", {"url": "https://example.com", "types": ["Transaction"]}),
        ("invalid_types", {"url": "https://example.com", "types": ["a.*.b"]}),
        ("invalid_types", {"url": "https://example.com", "types": ["a"] * 33}),
        ("invalid_types", {"url": "https://example.com", "types": "*"}),
        ("invalid_filter", {"url": "https://example.com", "wallets": []}),
        ("invalid_filter", {"url": "https://example.com", "wallets": ["a b"]}),
        ("invalid_filter", {"url": "https://example.com", "wallets": ["*a"]}),
        ("invalid_filter", {"url": "https://example.com", "wallets": "*"}),
        ("invalid_filter", {"url": "https://example.com", "wallets": ["a"] * 33}),
        ("invalid_filter", {"url": "https://example.com", "kinds": ["transfers"]}),
        ("invalid_filter", {"url": "https://example.com", "kinds": []}),
    ],
)
async def test_what_is_no_endpoint_is_refused(api: Api, code: str, body: Any) -> None:
    answer = await api.post("/v1/webhooks", body)
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text


async def test_an_endpoint_is_tested(api: Api, db: asyncpg.Connection) -> None:
    made = await api.made("/v1/webhooks", {"url": "https://example.com", "types": ["hold.*"]})
    path = f"/v1/webhooks/{made['id']}"
    answer = await api.post(f"{path}/test", None)
    assert (answer.status_code, answer.json()["status"]) == (202, "pending"), answer.text
    await stamp_all(db)
    (event,) = (await api.read("/v1/events?types=endpoint.test"))["data"]
    assert event["id"] == answer.json()["event_id"]
    assert event["data"] == await api.read(path)
    await api.post(f"{path}/disable", None)
    refused = await api.post(f"{path}/test", None)
    assert (refused.status_code, refused.json()["code"]) == (409, "endpoint_disabled")
    assert (await api.post("/v1/webhooks/999/test", None)).status_code == 404


async def test_an_endpoint_is_changed(api: Api, db: asyncpg.Connection) -> None:
    made = await api.made(
        "/v1/webhooks",
        {"url": "https://example.com/old", "description": "old", "metadata": {"a": 1.10, "b": 2}},
    )
    path = f"/v1/webhooks/{made['id']}"

    async def change(**changes: Any) -> Any:
        answer = await api.client.patch(path, json=changes)
        assert answer.status_code == 200, answer.text
        return answer.json()

    changed = await change(
        url="https://example.com/new", types=["hold.*"], wallets=["user_*", "a"], kinds=["hold"]
    )
    assert (changed["wallets"], changed["kinds"]) == (["user_*", "a"], ["hold"])
    assert (changed["url"], changed["types"], changed["description"], changed["metadata"]) == (
        "https://example.com/new",
        ["hold.*"],
        "old",
        {"a": 1.1, "b": 2},
    )
    assert "secret" not in changed
    assert await change(description=None, metadata={"c": []}) == {
        **changed,
        "description": None,
        "metadata": {"c": []},
    }
    options = {"amounts": "string", "timeout_s": 3, "concurrency": 1, "rate_limit": "5/minute"}
    optional = await change(**options, headers={"Authorization": "Bearer secret-1", "x-a": "b"})
    assert {name: optional[name] for name in options} == options
    assert optional["header_names"] == ["authorization", "x-a"]
    bare = await change(headers={}, rate_limit=None, amounts="integer", timeout_s=15, concurrency=4)
    assert (bare["header_names"], bare["rate_limit"]) == ([], None)
    outbox = await db.fetchval("select string_agg(payload::text, '') from ledger.outbox")
    assert "secret-1" not in outbox
    # The same again, and nothing at all, change nothing and write no event.
    await change(description=None, metadata={"c": []})
    await change()
    written = "select count(*) from ledger.outbox where type = 'endpoint.changed'"
    assert await db.fetchval(written) == 4
    assert await api.read(path) == await change()


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("invalid_url", {"url": "http://example.com"}),
        ("invalid_url", {"url": "https://169.254.169.254/"}),
        ("invalid_types", {"types": []}),
        ("invalid_types", {"types": ["A"]}),
        ("invalid_filter", {"wallets": ["user*_"]}),
        ("invalid_rate_limit", {"rate_limit": "0/second"}),
        ("invalid_rate_limit", {"rate_limit": "5"}),
        ("invalid_headers", {"headers": {"Webhook-Signature": "v1,x"}}),
        ("invalid_headers", {"headers": {"webhook-anything": "x"}}),
        ("invalid_headers", {"headers": {"Host": "x"}}),
        ("invalid_headers", {"headers": {"content-LENGTH": "1"}}),
        ("invalid_headers", {"headers": {"transfer-encoding": "chunked"}}),
        ("invalid_headers", {"headers": {"Proxy-Authorization": "x"}}),
        ("invalid_headers", {"headers": {"a": "1", "A": "2"}}),
        ("invalid_headers", {"headers": {"a b": "1"}}),
        ("invalid_headers", {"headers": {"": "1"}}),
        ("invalid_headers", {"headers": {"a": "1\r\nhost: x"}}),
        ("invalid_headers", {"headers": {"a": ""}}),
        ("invalid_headers", {"headers": {"a": "x" * 2049}}),
        ("invalid_headers", {"headers": {f"a{n}": "x" for n in range(21)}}),
        ("invalid_filter", {"kinds": ["fee"]}),
        ("invalid_description", {"description": "é" * 513}),
        ("invalid_description", {"description": "a\0"}),
        ("invalid_metadata", {"metadata": {"a": "x" * 16384}}),
        ("invalid_metadata", {"metadata": []}),
    ],
)
async def test_a_change_that_is_refused_changes_nothing(api: Api, code: str, change: Any) -> None:
    made = await api.made("/v1/webhooks", {"url": "https://example.com", "types": ["hold.*"]})
    before = await api.read(f"/v1/webhooks/{made['id']}")
    good = {"url": "https://example.org", "types": ["*"], "description": "d", "metadata": {"m": 1}}
    answer = await api.client.patch(f"/v1/webhooks/{made['id']}", json={**good, **change})
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    assert await api.read(f"/v1/webhooks/{made['id']}") == before
    created = await api.post("/v1/webhooks", {**good, **change})
    assert created.json()["code"] == code


@pytest.mark.parametrize(
    "change",
    [
        {"headers": {"a": 1}},
        {"amounts": "float"},
        {"timeout_s": 0},
        {"timeout_s": 61},
        {"concurrency": 0},
        {"concurrency": 65},
        {"rate_limit": 5},
        {"secret": "whsec_"},
    ],
)
async def test_what_is_out_of_bounds_is_refused(api: Api, change: Any) -> None:
    made = await api.made("/v1/webhooks", {"url": "https://example.com"})
    answer = await api.client.patch(f"/v1/webhooks/{made['id']}", json=change)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_body"), answer.text


async def test_only_an_endpoint_of_ones_own_is_changed(api: Api, db: asyncpg.Connection) -> None:
    made = await api.made("/v1/webhooks", {"url": "https://example.com"})
    await db.execute("select zerosum.create_endpoint(2, 'https://example.com', '{*}', $1)", SECRET)
    assert (await api.delete(f"/v1/webhooks/{made['id']}")).status_code == 204
    for number in (made["id"], made["id"] + 1, 999):
        answer = await api.client.patch(f"/v1/webhooks/{number}", json={"description": "mine"})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_only_an_admin_makes_endpoints(api: Api) -> None:
    writer = "zs_" + "writer" * 4
    await api.allow(api.app.services.pool, writer, "write")
    api.client.headers["Authorization"] = f"Bearer {writer}"
    answer = await api.post("/v1/webhooks", {"url": "https://example.com"})
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_the_feed_is_read_by_seq(api: Api, db: asyncpg.Connection) -> None:
    await api.wallets("alice")
    for amount in range(1, 6):
        await api.fund("alice", amount)
    assert await api.read("/v1/events") == {"data": [], "next": None, "read_to": 0}
    assert await stamp(db, "r", await lease(db, "r")) == 5
    page = await api.read("/v1/events?limit=3")
    assert [event["seq"] for event in page["data"]] == [1, 2, 3]
    assert page["data"][0]["data"]["postings"][0]["amount"] == 1
    rest = await api.read(f"/v1/events?limit=3&after={page['next']}")
    assert ([event["seq"] for event in rest["data"]], rest["next"]) == ([4, 5], None)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "192.0.0.8",
        "198.18.0.1",
        "192.88.99.1",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::127.0.0.1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fec0::1",
        "ff02::1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "2002:a9fe:a9fe::1",
        "2001:db8::1",
        "2001::1",
        "100::1",
        "3fff::1",
        "5f00::1",
        "name",
        "::ffff:0:7f00:1",
        "4000::1",
        "::ffff:0:a9fe:a9fe",
    ],
)
def test_special_addresses_are_not_allowed(address: str) -> None:
    assert not is_allowed(address, ALLOW)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "2606:4700::1111", "64:ff9b::101:101", "::ffff:1.1.1.1"]
)
def test_global_addresses_are_allowed_but_to_http(address: str) -> None:
    assert is_allowed(address, ())
    assert not is_allowed(address, ALLOW, routable=False)


def test_an_allowed_network_is_reached_however_it_is_written() -> None:
    for address in ("10.1.2.3", "::ffff:10.1.2.3"):
        assert is_allowed(address, ALLOW, routable=False)
    check_url("http://10.1.2.3:8080/x", ALLOW)
    check_url("https://10.1.2.3/", ALLOW)
    check_url("http://internal.example/", ALLOW)
    with pytest.raises(BadUrl):
        check_url("http://10.2.0.1/", ALLOW)
    with pytest.raises(BadUrl):
        check_url("http://1.1.1.1/", ALLOW)
