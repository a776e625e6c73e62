"""Money over HTTP: shapes, replays, refusals."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from tests.support.api import Api
from tests.support.ledger import counts, verify

TRANSFER = {"source": "alice", "destination": "bob", "amount": 250}


@pytest.fixture
async def peopled(api: Api) -> Api:
    await api.wallets("alice", "bob")
    await api.fund("alice", 1000)
    return api


async def test_a_transfer_is_answered_with_its_entries(peopled: Api) -> None:
    made = await peopled.made("/v1/transfers", {**TRANSFER, "reference": "r"}, "k1")
    assert made["kind"] == "transfer"
    assert made["postings"] == [{**TRANSFER, "asset": "USD"}]
    assert made["entries"] == [
        {"wallet": "alice", "amount": -250, "balance": 750, "version": 2},
        {"wallet": "bob", "amount": 250, "balance": 250, "version": 1},
    ]
    assert (made["reference"], made["idempotency_key"]) == ("r", "k1")
    assert await peopled.read(f"/v1/transactions/{made['id']}") == made
    assert (await peopled.read("/v1/wallets/alice"))["available"] == 750


async def test_every_verb_moves_value(peopled: Api, db: asyncpg.Connection) -> None:
    credit = await peopled.made("/v1/credits", {"wallet": "bob", "amount": "70", "source": "alice"})
    assert (credit["kind"], credit["postings"][0]["source"]) == ("credit", "alice")
    debit = await peopled.made("/v1/debits", {"wallet": "bob", "amount": 30})
    assert debit["postings"][0]["destination"] == "@world:USD"
    both = [{"source": "alice", "destination": "bob", "amount": i} for i in (1, 2)]
    many = await peopled.made(
        "/v1/transactions",
        {"postings": both, "metadata": {"a": [1.50]}, "effective_at": "2020-01-02T03:04:05+01:00"},
    )
    assert many["metadata"] == {"a": [1.5]}
    assert many["effective_at"] == "2020-01-02T02:04:05.000000Z"
    assert len(many["entries"]) == 4
    entries = await peopled.read("/v1/wallets/bob/entries?limit=3")
    assert [e["amount"] for e in entries["data"]] == [2, 1, -30]
    rest = await peopled.read(f"/v1/wallets/bob/entries?limit=3&after={entries['next']}")
    assert ([e["amount"] for e in rest["data"]], rest["next"]) == ([70], None)
    assert await verify(db) == []


async def test_the_same_key_gives_the_first_answer_again(peopled: Api) -> None:
    first = await peopled.post("/v1/transfers", TRANSFER, "k")
    assert "idempotency-replayed" not in first.headers
    again = await peopled.post("/v1/transfers", TRANSFER, "k")
    assert again.headers["idempotency-replayed"] == "true"
    assert (again.status_code, again.content) == (first.status_code, first.content)
    other = await peopled.post("/v1/transfers", {**TRANSFER, "amount": 251}, "k")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert (await peopled.read("/v1/wallets/bob"))["posted"] == 250


async def test_a_refusal_is_a_problem_body(peopled: Api) -> None:
    answer = await peopled.post("/v1/transfers", {**TRANSFER, "amount": 10**6})
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.status_code == 422
    body = answer.json()
    assert (body["code"], body["wallet"], body["available"]) == (
        "insufficient_funds",
        "alice",
        1000,
    )
    assert body["status"] == 422
    assert "alice has 1000 USD available" in body["detail"]


AMOUNTS = [
    "1.5",
    "1.0",
    "1e3",
    "0",
    "-1",
    "true",
    "null",
    '""',
    '"1.5"',
    '"1e3"',
    '" 1"',
    '"007"',
    "1" * 39,
]
MALFORMED: list[tuple[int, str, str, Any]] = [
    *(
        (
            422,
            "invalid_amount",
            "/v1/transfers",
            f'{{"source":"alice","destination":"bob","amount":{a}}}',
        )
        for a in AMOUNTS
    ),
    (400, "invalid_body", "/v1/transfers", "{"),
    (400, "invalid_body", "/v1/transfers", b'{"source":"\xff"}'),
    (400, "invalid_body", "/v1/transfers", '{"source":"\\ud800"}'),
    (400, "invalid_body", "/v1/transfers", "[" * 100_000),
    (400, "invalid_body", "/v1/transfers", "[]"),
    (400, "invalid_body", "/v1/transfers", {"source": "alice", "destination": "bob"}),
    (400, "invalid_body", "/v1/transfers", {**TRANSFER, "wat": 1}),
    (400, "invalid_body", "/v1/transfers", {**TRANSFER, "source": None}),
    (413, "body_too_large", "/v1/transfers", {**TRANSFER, "description": "x" * 1024 * 1024}),
    (422, "invalid_wallet_id", "/v1/transfers", {**TRANSFER, "source": "a b"}),
    (422, "invalid_wallet_id", "/v1/transfers", {**TRANSFER, "source": "a\0b"}),
    (422, "invalid_wallet_id", "/v1/transfers", {**TRANSFER, "source": "a\n"}),
    (422, "unknown_wallet", "/v1/transfers", {**TRANSFER, "source": "nobody"}),
    (422, "same_wallet", "/v1/transfers", {**TRANSFER, "source": "bob"}),
    (422, "invalid_reference", "/v1/transfers", {**TRANSFER, "reference": "x" * 1025}),
    (422, "invalid_reference", "/v1/transfers", {**TRANSFER, "reference": "\0"}),
    (422, "invalid_description", "/v1/transfers", {**TRANSFER, "description": "\0"}),
    (422, "invalid_metadata", "/v1/transfers", {**TRANSFER, "metadata": [1]}),
    (422, "invalid_metadata", "/v1/transfers", {**TRANSFER, "metadata": {"a": "\0"}}),
    (422, "invalid_metadata", "/v1/transfers", {**TRANSFER, "metadata": {"\0": 1}}),
    (422, "invalid_metadata", "/v1/transfers", {**TRANSFER, "metadata": {"a": "x" * 16384}}),
    (
        422,
        "invalid_metadata",
        "/v1/transfers",
        '{"source":"alice","destination":"bob","amount":1,"metadata":{"a":'
        + "[" * 99
        + "]" * 99
        + "}}",
    ),
    (
        422,
        "invalid_metadata",
        "/v1/transfers",
        '{"source":"alice","destination":"bob","amount":1,"metadata":{"a":1e999999}}',
    ),
    (
        422,
        "invalid_metadata",
        "/v1/transfers",
        '{"source":"alice","destination":"bob","amount":1,"metadata":{"a":['
        + "1e300," * 80
        + "1]}}",
    ),
    (
        422,
        "invalid_effective_at",
        "/v1/transfers",
        {**TRANSFER, "effective_at": "2026-01-01T00:00:00"},
    ),
    (422, "invalid_effective_at", "/v1/transfers", {**TRANSFER, "effective_at": "yesterday"}),
    (422, "invalid_postings", "/v1/transactions", {"postings": []}),
    (422, "invalid_postings", "/v1/transactions", {"postings": [TRANSFER] * 101}),
    (422, "invalid_amount", "/v1/transactions", {"postings": [{**TRANSFER, "amount": 1.0}]}),
    (422, "unknown_wallet", "/v1/credits", {"wallet": "nobody", "amount": 1}),
]


@pytest.mark.parametrize(("status", "code", "path", "body"), MALFORMED)
async def test_bad_input_is_refused_by_its_code_and_writes_nothing(
    peopled: Api, db: asyncpg.Connection, status: int, code: str, path: str, body: Any
) -> None:
    before = await counts(db)
    answer = await peopled.post(path, body)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert await counts(db) == before


@pytest.mark.parametrize("key", ["", "k" * 256, "é", "a\tb"])
async def test_a_bad_idempotency_key_is_refused(peopled: Api, key: str) -> None:
    answer = await peopled.client.post(
        "/v1/transfers", json=TRANSFER, headers=[(b"Idempotency-Key", key.encode())]
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_key")


async def test_what_is_not_there_is_404(peopled: Api) -> None:
    for path in (
        "/v1/transactions/999999999",
        "/v1/transactions/99999999999999999999",
        "/v1/transactions/x",
        "/v1/wallets/nobody",
        "/v1/wallets/nobody/entries",
        "/v1/wallets/a%20b",
        "/v1/nothing",
    ):
        answer = await peopled.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path
    answer = await peopled.get("/v1/transfers")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


async def test_only_a_valid_key_gets_in(peopled: Api) -> None:
    for header in ({}, {"Authorization": "Bearer zs_" + "x" * 32}, {"Authorization": "Basic abc"}):
        peopled.client.headers.pop("Authorization", None)
        answer = await peopled.client.post("/v1/transfers", json=TRANSFER, headers=header)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
    reader = "zs_" + "reader" * 4
    await peopled.allow(peopled.app.services.pool, reader, "read")
    headers = {"Authorization": f"Bearer {reader}"}
    assert (await peopled.client.get("/v1/wallets/bob", headers=headers)).status_code == 200
    answer = await peopled.client.post("/v1/transfers", json=TRANSFER, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_the_body_must_be_json(peopled: Api) -> None:
    answer = await peopled.client.post("/v1/transfers", data={"a": "b"})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1001", "limit=x", "after=0", "after=-1", "limit="]
)
async def test_bad_query_parameters_are_refused(peopled: Api, query: str) -> None:
    answer = await peopled.get(f"/v1/wallets/bob/entries?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_parameter")
