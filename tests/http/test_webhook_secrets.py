"""Secrets of endpoints over HTTP: drawn or given, shown once, rotated."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from tests.support.api import Api

OWN = "whsec_" + base64.b64encode(bytes(range(40))).decode()
NEW = {"url": "https://example.com/hook"}


async def test_a_secret_of_ones_own_signs(api: Api, db: asyncpg.Connection) -> None:
    made = await api.made("/v1/webhooks", {**NEW, "secret": OWN})
    assert (made["secret"], made["signing"], made["public_keys"]) == (OWN, "symmetric", [])
    assert await db.fetchval("select secret from ledger.endpoint_secrets") == OWN


async def test_a_private_key_is_never_shown(api: Api, db: asyncpg.Connection) -> None:
    made = await api.made("/v1/webhooks", {**NEW, "signing": "asymmetric"})
    assert (made["secret"], made["signing"]) == (None, "asymmetric")
    (public,) = made["public_keys"]
    assert public.startswith("whpk_")
    assert len(base64.b64decode(public.removeprefix("whpk_"))) == 32
    read = await api.read(f"/v1/webhooks/{made['id']}")
    assert read["public_keys"] == [public]
    assert "whsk_" not in json.dumps([made, read])
    assert (await db.fetchval("select secret from ledger.endpoint_secrets")).startswith("whsk_")


async def test_rotation_keeps_the_old_secret_for_a_while(api: Api, db: asyncpg.Connection) -> None:
    made = await api.made("/v1/webhooks", NEW)
    path = f"/v1/webhooks/{made['id']}"
    assert made["old_secrets_expire_at"] is None
    rotated = (await api.post(f"{path}/rotate", {})).json()
    assert rotated["secret"].startswith("whsec_")
    assert rotated["secret"] != made["secret"]
    until = datetime.fromisoformat(rotated["old_secrets_expire_at"])
    assert abs(until - datetime.now(UTC) - timedelta(hours=24)) < timedelta(minutes=5)
    live = [row["secret"] for row in await db.fetch("select * from zerosum.live_secrets(1, 1)")]
    assert live == [rotated["secret"], made["secret"]]
    # A second rotation lets the first secret end when it would have ended.
    again = (await api.post(f"{path}/rotate", {"secret": OWN, "overlap_s": 1_000_000})).json()
    assert again["secret"] == OWN
    rows = await db.fetch("select * from zerosum.live_secrets(1, 1)")
    assert [row["secret"] for row in rows] == [OWN, rotated["secret"], made["secret"]]
    assert rows[2]["expires_at"] == until
    assert rows[1]["expires_at"] > until
    # Without overlap only the new one signs.
    last = (await api.post(f"{path}/rotate", {"overlap_s": 0})).json()
    assert last["old_secrets_expire_at"] is None
    live = [row["secret"] for row in await db.fetch("select * from zerosum.live_secrets(1, 1)")]
    assert live == [last["secret"]]
    told = await db.fetch("select payload::text from ledger.outbox where type ~ 'secret_rotated'")
    assert len(told) == 3
    assert not any("whsec_" in row["payload"] for row in told)


async def test_signing_changes_with_a_rotation(api: Api) -> None:
    made = await api.made("/v1/webhooks", NEW)
    path = f"/v1/webhooks/{made['id']}/rotate"
    first = (await api.post(path, {"signing": "asymmetric"})).json()
    assert (first["signing"], first["secret"], len(first["public_keys"])) == ("asymmetric", None, 1)
    second = (await api.post(path, {})).json()
    assert (second["signing"], len(second["public_keys"])) == ("asymmetric", 2)
    assert second["public_keys"][1] == first["public_keys"][0]
    third = (await api.post(path, {"secret": OWN})).json()
    assert (third["signing"], third["secret"], len(third["public_keys"])) == ("symmetric", OWN, 2)


async def test_at_most_five_sign(api: Api, db: asyncpg.Connection) -> None:
    made = await api.made("/v1/webhooks", NEW)
    secrets = [made["secret"]]
    for _ in range(7):
        answer = await api.post(f"/v1/webhooks/{made['id']}/rotate", {})
        secrets.append(answer.json()["secret"])
    live = [row["secret"] for row in await db.fetch("select * from zerosum.live_secrets(1, 1)")]
    assert live == secrets[:2:-1]


@pytest.mark.parametrize(
    "body",
    [
        {"secret": ""},
        {"secret": "whsec_"},
        {"secret": "whsec_" + base64.b64encode(bytes(23)).decode()},
        {"secret": "whsec_" + base64.b64encode(bytes(65)).decode()},
        {"secret": OWN.removeprefix("whsec_")},
        {"secret": OWN + "!"},
        {"secret": OWN, "signing": "asymmetric"},
    ],
)
async def test_what_is_no_secret_is_refused(api: Api, body: Any) -> None:
    made = await api.made("/v1/webhooks", NEW)
    for path in ("/v1/webhooks", f"/v1/webhooks/{made['id']}/rotate"):
        given = {**NEW, **body} if path == "/v1/webhooks" else body
        answer = await api.post(path, given)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_secret"), answer.text
    assert (await api.read(f"/v1/webhooks/{made['id']}"))["old_secrets_expire_at"] is None


@pytest.mark.parametrize("body", [{"overlap_s": -1}, {"overlap_s": 2592001}, {"signing": "rsa"}])
async def test_what_is_out_of_bounds_is_refused(api: Api, body: Any) -> None:
    made = await api.made("/v1/webhooks", NEW)
    answer = await api.post(f"/v1/webhooks/{made['id']}/rotate", body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_body")
    assert (await api.post("/v1/webhooks/999/rotate", {})).status_code == 404
