"""Wallets changed, frozen and closed over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from app.api_keys import stored
from app.database.connections import call
from tests.support.api import Api

WRITER = "zs_" + "writer" * 6


async def test_a_wallets_life(api: Api) -> None:
    await api.wallets("alice", "bob")
    await api.fund("alice", 100)
    path = "/v1/wallets/alice"
    body = {"min_balance": "-50", "max_balance": None, "metadata": {"tier": "gold"}}
    changed = (await api.client.patch(path, json=body)).json()
    assert (changed["min_balance"], changed["metadata"]) == (-50, {"tier": "gold"})
    kept = (await api.client.patch(path, json={})).json()
    assert kept == changed
    assert (await api.post(f"{path}/freeze", {"credits": True})).json()["credits_while_frozen"]
    pay = {"source": "alice", "destination": "bob", "amount": 1}
    assert (await api.post("/v1/transfers", pay)).json()["code"] == "wallet_frozen"
    await api.fund("alice", 1)
    assert (await api.post(f"{path}/unfreeze", None)).json()["status"] == "open"
    assert (await api.post("/v1/transfers", pay)).status_code == 201
    refused = await api.post(f"{path}/close", None)
    assert (refused.status_code, refused.json()["code"]) == (422, "wallet_not_empty")
    assert (refused.json()["posted"], refused.json()["wallet"]) == (100, "alice")
    outside = await api.client.patch(path, json={"max_balance": 99})
    assert (outside.status_code, outside.json()["code"]) == (422, "balance_outside_limits")
    await api.made("/v1/debits", {"wallet": "alice", "amount": 100})
    assert (await api.post(f"{path}/close", None)).json()["status"] == "closed"
    assert await api.read(path) == (await api.post(f"{path}/close", None)).json()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"min_balance": 1.5}, "invalid_limits"),
        ({"min_balance": 5}, "invalid_limits"),
        ({"max_balance": "x"}, "invalid_limits"),
        ({"metadata": []}, "invalid_metadata"),
        ({"metadata": {"a": "\0"}}, "invalid_metadata"),
        ({"metadata": None}, "invalid_metadata"),
        ({"posted": 5}, "invalid_body"),
        ([], "invalid_body"),
    ],
)
async def test_a_bad_change_is_refused(api: Api, body: Any, code: str) -> None:
    await api.wallets("alice")
    before = await api.read("/v1/wallets/alice")
    assert (await api.client.patch("/v1/wallets/alice", json=body)).json()["code"] == code
    assert await api.read("/v1/wallets/alice") == before


async def test_what_is_not_there_or_not_ones_own(api: Api) -> None:
    await call(api.app.services.pool, "add_key", ledger=1, **stored(WRITER, "write"))
    await api.wallets("@fees")
    own = {"Authorization": f"Bearer {WRITER}"}
    for verb in ("freeze", "unfreeze", "close"):
        for name in ("nobody", "no%20body", "%00"):
            answer = await api.client.post(f"/v1/wallets/{name}/{verb}", json={})
            assert answer.status_code == 404
        answer = await api.client.post(f"/v1/wallets/@fees/{verb}", json={}, headers=own)
        assert answer.json()["code"] == "reserved_wallet_id"
    assert (await api.client.patch("/v1/wallets/nobody", json={})).status_code == 404
    assert (await api.post("/v1/wallets/@fees/freeze", {})).json()["status"] == "frozen"
