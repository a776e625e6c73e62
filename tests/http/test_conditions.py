"""Conditions over HTTP: optimistic concurrency for clients that read first."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.api import Api

PAY = {"source": "alice", "destination": "bob", "amount": 10}


async def test_a_client_that_read_first(api: Api) -> None:
    await api.wallets("alice", "bob")
    await api.fund("alice", 100)
    read = await api.read("/v1/wallets/alice")
    expects = {**PAY, "if": [{"wallet": "alice", "version": read["version"]}]}
    assert (await api.post("/v1/transfers", expects)).status_code == 201
    late = await api.post("/v1/transfers", expects)
    assert (late.status_code, late.json()["code"], late.json()["version"]) == (
        409,
        "wallet_changed",
        2,
    )
    low = {**PAY, "if": [{"wallet": "alice", "min_available_after": "81"}]}
    refused = await api.post("/v1/transfers", low)
    assert (refused.status_code, refused.json()["code"]) == (422, "available_too_low")
    assert refused.json()["available"] == 80
    for route, body in (
        ("credits", {"wallet": "bob", "amount": 1}),
        ("debits", {"wallet": "bob", "amount": 1}),
        ("transactions", {"postings": [PAY]}),
        ("transactions/batch", {"transactions": [{"postings": [PAY], **low}]}),
    ):
        said = {**body, "if": [{"wallet": "alice", "version": 0}]}
        if route.endswith("batch"):
            item = {"postings": [PAY], "if": said["if"]}
            (one,) = (await api.post(f"/v1/{route}", {"transactions": [item]})).json()["results"]
            assert (one["status"], one["error"]["code"]) == (409, "wallet_changed")
        else:
            assert (await api.post(f"/v1/{route}", said)).json()["code"] == "wallet_changed"


@pytest.mark.parametrize(
    ("conditions", "code"),
    [
        ([], "invalid_conditions"),
        ({}, "invalid_conditions"),
        ([{"wallet": "alice"}], "invalid_conditions"),
        ([{"wallet": "alice", "version": -1}], "invalid_conditions"),
        ([{"wallet": "alice", "version": True}], "invalid_conditions"),
        ([{"wallet": "alice", "version": 1.5}], "invalid_conditions"),
        ([{"wallet": "alice", "min_available_after": 1.5}], "invalid_conditions"),
        ([{"wallet": "alice", "min_available_after": "x"}], "invalid_conditions"),
        ([{"wallet": "alice", "version": 1, "x": 1}], "invalid_body"),
        ([{"wallet": "no body", "version": 1}], "invalid_wallet_id"),
        ([{"wallet": "alice", "version": 1}] * 101, "invalid_conditions"),
    ],
)
async def test_what_is_malformed(api: Api, conditions: Any, code: str) -> None:
    await api.wallets("alice", "bob", min_balance=None)
    answer = await api.post("/v1/transfers", {**PAY, "if": conditions})
    assert (answer.status_code in {400, 422}, answer.json()["code"]) == (True, code)
