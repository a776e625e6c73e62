"""What is refused is refused before anything is sent to Postgres: no money moves, no key is
created."""

from __future__ import annotations

import json
from typing import Any

import asyncpg
import pytest

from app.http import read_body as module
from app.http.routes import ROUTES, Route
from tests.support.api import Api
from tests.support.ledger import counts

TRANSFER = {"source": "alice", "destination": "bob", "amount": 1}
BODIES: dict[str, Any] = {
    "/v1/transfers": TRANSFER,
    "/v1/credits": {"wallet": "alice", "amount": 1},
    "/v1/debits": {"wallet": "alice", "amount": 1},
    "/v1/transactions": {"postings": [TRANSFER]},
    "/v1/transactions/batch": {"transactions": [{"postings": [TRANSFER]}]},
    "/v1/transactions/{id:number}/reverse": {},
    "/v1/holds": TRANSFER,
    "/v1/holds/{id:number}/capture": {},
    "/v1/holds/{id:number}/void": {},
    "/v1/wallets": {"id": "carol", "asset": "USD"},
    "/v1/wallets/{id}": {"max_balance": 7},
    "/v1/wallets/{id}/freeze": {},
    "/v1/assets": {"code": "GOLD", "scale": 3},
    "/v1/webhooks": {"url": "https://example.com"},
    "/v1/webhooks/{id:number}/rotate": {},
    "/v1/webhooks/{id:number}/replays": {},
    "/v1/webhooks/{id:number}/replays/count": {},
    "/v1/webhooks/{id:number}/dismiss": {},
    "/v1/consumers/{name}": {},
    "/v1/consumers/{name}/lease": {},
    "/v1/consumers/{name}/acknowledge": {"lease": "a", "seq": 1},
    "/v1/consumers/{name}/rewind": {"seq": 1},
    "/v1/webhooks/{id:number}": {"description": "other"},
    "/v1/keys": {"scope": "read"},
    "/v1/sinks": {"url": "kafka://h/t"},
    "/v1/sinks/{id:number}/rewind": {"seq": 1},
}
KEYED = [route for route in ROUTES if route.scope is not None and not route.open]


def path_of(route: Route) -> str:
    path = route.path.replace("/v1/wallets/{id}", "/v1/wallets/alice")
    for name in ("{id:number}", "{seq:number}", "{number:number}", "{level:number}"):
        path = path.replace(name, "1")
    path = path.replace("{tile:path}", "000")
    required = {"/v1/proof/inclusion": "?seq=1", "/v1/proof/consistency": "?old_size=1"}
    return path + required.get(route.path, "")


async def state(db: asyncpg.Connection) -> tuple[Any, ...]:
    """Return everything that a request could have changed."""
    rows = await db.fetchrow(
        "select (select array_agg(w::text order by id) from ledger.wallets w),"
        " (select count(*) from ledger.api_keys), (select count(*) from ledger.assets),"
        " (select count(*) from ledger.endpoints)"
    )
    assert rows is not None
    return (tuple(rows), await counts(db))


@pytest.fixture
async def ready(api: Api, db: asyncpg.Connection) -> Api:
    """Two wallets, a transaction 1 and a hold that every route could change."""
    await api.wallets("alice", "bob")
    await api.fund("alice", 100)
    await api.made("/v1/holds", TRANSFER)
    return api


@pytest.mark.parametrize("route", KEYED, ids=lambda r: f"{r.method} {r.path}")
async def test_every_route_looks_at_headers_and_query_first(
    ready: Api, db: asyncpg.Connection, route: Route
) -> None:
    before = await state(db)
    path = path_of(route)
    more = "&" if "?" in path else "?"
    body = BODIES.get(route.path)
    tries: list[tuple[str, list[tuple[str, str]]]] = [
        (path, [("Zerosum-Amounts", "text")]),
        (path, [("Zerosum-Amounts", "string"), ("Zerosum-Amounts", "integer")]),
        (path, [("Zerosum-Dry-Run", "true")]),
        (path, [("Authorization", ready.client.headers["authorization"])]),
        (f"{path}{more}surprise=1", []),
        (f"{path}{more}Limit=3", []),
        *(
            (f"{path}{more}{name}={value}&{name}={value}", [])
            for name in route.query
            for value in ("1", "true")
        ),
        *((f"{path}{more}{name}=", []) for name in route.query if name != "prefix"),
        *((f"{path}{more}{name}=%00", []) for name in route.query),
        *((f"{path}{more}{name}=%ff", []) for name in route.query),
    ]
    if route.keyed:
        tries += [
            (f"{path}?dryrun=true", []),
            (f"{path}?dry-run=true", []),
            (f"{path}?dry_run=1", []),
            (f"{path}?dry_run=true&dry_run=false", []),
            (path, [("Idempotency-Key", "a"), ("Idempotency-Key", "b")]),
        ]
    for target, headers in tries:
        answer = await ready.client.request(
            route.method,
            target,
            json=body,
            headers=[*ready.client.headers.items(), *headers],
        )
        assert answer.status_code == 400, (target, headers, answer.text)
        assert answer.json()["code"] == "invalid_parameter"
    if route.keyed:
        answer = await ready.post(path, body, "k" * 256)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_key")
    assert await state(db) == before


@pytest.mark.parametrize(
    "text",
    [
        '{"source":"alice","destination":"bob","amount":1,"amount":99}',
        r'{"source":"alice","destination":"bob","amount":1,"\u0061mount":99}',
        '{"source":"alice","destination":"bob","amount":1,"metadata":{"a":1,"b":{"c":1,"c":2}}}',
    ],
)
async def test_a_member_that_is_there_twice_is_refused(
    ready: Api, db: asyncpg.Connection, text: str
) -> None:
    before = await state(db)
    for path, body in (
        ("/v1/transfers", text),
        ("/v1/transactions/batch", f'{{"transactions":[{{"postings":[{text}]}}]}}'),
    ):
        answer = await ready.post(path, body)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_body")
        assert "twice" in answer.json()["detail"]
    assert await state(db) == before


@pytest.mark.parametrize(
    ("member", "value", "code"),
    [
        ("effective_at", '"0001-01-01T00:00:00+05:00"', "invalid_effective_at"),
        ("effective_at", '"9999-12-31T23:59:59-05:00"', "invalid_effective_at"),
        ("metadata", '{"x":1e-20000}', "invalid_metadata"),
        ("metadata", '{"x":[-1E-16384]}', "invalid_metadata"),
        ("metadata", '{"x":1e131072}', "invalid_metadata"),
        ("metadata", '{"x":1e99999999999999999999}', "invalid_metadata"),
    ],
)
async def test_what_postgres_would_not_store_is_a_refusal_everywhere(
    ready: Api, db: asyncpg.Connection, member: str, value: str, code: str
) -> None:
    before = await state(db)
    for path, body in BODIES.items():
        if (
            path.startswith(
                ("/v1/assets", "/v1/webhooks", "/v1/keys", "/v1/sinks", "/v1/consumers")
            )
            or "freeze" in path
        ):
            continue
        if member == "effective_at" and "wallets" in path:
            continue
        inner = body["transactions"][0] if path.endswith("batch") else body
        text = ",".join([*(f'"{k}":{quote(v)}' for k, v in inner.items()), f'"{member}":{value}'])
        text = f"{{{text}}}"
        if path.endswith("batch"):
            text = f'{{"transactions":[{text}]}}'
        target = path.replace("{id:number}", "1").replace("{id}", "alice")
        method = "PATCH" if path == "/v1/wallets/{id}" else "POST"
        answer = await ready.client.request(
            method, target, content=text, headers={"Content-Type": "application/json"}
        )
        told = answer.json()
        if path.endswith("batch"):
            (told,) = [result["error"] for result in told["results"]]
        assert (told["status"], told["code"]) == (422, code), (path, told)
    assert await state(db) == before


def quote(value: Any) -> str:
    return json.dumps(value)


@pytest.mark.parametrize(
    "number", ["9" * 5000, "9" * 20, "0", "{id:number}", "%7Bid:number%7D", "1%0A"]
)
async def test_no_number_in_a_path_is_an_error_of_ours(ready: Api, number: str) -> None:
    """With a key and without one."""
    for route in ROUTES:
        if ":number}" not in route.path:
            continue
        path = route.path.replace("{tile:path}", "000")
        for name in ("{id:number}", "{seq:number}", "{number:number}", "{level:number}"):
            path = path.replace(name, number)
        for key in (ready.client.headers["authorization"], "Bearer none"):
            answer = await ready.client.request(
                route.method,
                path,
                json=BODIES.get(route.path),
                headers={"Authorization": key},
            )
            # Level 0 of the log exists.
            assert answer.status_code in ({404, 401} if number != "0" else {404, 401, 200}), path
            assert answer.headers["content-type"] != "text/plain; charset=utf-8"


async def test_string_amounts_leave_metadata_as_it_was(ready: Api) -> None:
    text = '{"rate": 1.0000000000000000001, "amount": 5, "n": [{"amount": 7e1}], "big": 12345678901234567890123}'
    body = f'{{"source":"alice","destination":"bob","amount":3,"metadata":{text}}}'
    plain = await ready.post("/v1/transfers", body, "k")
    headers = {"Zerosum-Amounts": "string", "Content-Type": "application/json"}
    headers["Idempotency-Key"] = "k"
    quoted = await ready.client.post("/v1/transfers", content=body, headers=headers)
    assert quoted.headers["idempotency-replayed"] == "true"
    spelled = plain.text.partition('"metadata":')[2].partition(',"effective_at"')[0]
    assert "1.0000000000000000001" in spelled
    assert f'"metadata":{spelled}' in quoted.text
    assert quoted.json()["postings"][0]["amount"] == "3"
    assert {entry["amount"] for entry in quoted.json()["entries"]} == {"3", "-3"}
    assert {type(entry["balance"]) for entry in quoted.json()["entries"]} == {str}
    assert quoted.json()["id"] == plain.json()["id"]


async def test_a_batch_of_all_that_is_promised_fits(ready: Api) -> None:
    """1,000 transactions at once, each with the largest metadata, reference and description."""
    metadata = {"x": "m" * (16_384 - 9)}  # 16,384 bytes as Postgres spells it
    items = [
        {
            "postings": [TRANSFER],
            "metadata": metadata,
            "reference": "r" * 1024,
            "description": "d" * 1024,
            "idempotency_key": f"{i}-{'k' * 250}",
        }
        for i in range(1000)
    ]
    await ready.fund("alice", 2000)
    answer = await ready.client.post(
        "/v1/transactions/batch", json={"transactions": items}, timeout=60
    )
    assert answer.status_code == 200, answer.text[:200]
    assert {result["status"] for result in answer.json()["results"]} == {201}
    assert (await ready.read("/v1/wallets/bob"))["posted"] == 1000


async def test_large_bodies_share_a_bound(ready: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """The memory that all of them take is bounded, and free again once they are answered."""
    monkeypatch.setattr(module, "ALL_BODIES", 300_000)
    text = '{"source":"alice","destination":"bob","amount":1' + " " * 200_000 + "}"
    assert (await ready.post("/v1/transfers", text)).status_code == 201
    assert (await ready.post("/v1/transfers", text)).status_code == 201
    refused = await ready.post("/v1/transfers", text.replace(" " * 1000, " " * 2000))
    assert (refused.status_code, refused.json()["code"]) == (503, "queue_full")
    assert (await ready.post("/v1/transfers", text)).status_code == 201
    assert module.MEMORY.held == 0


@pytest.mark.parametrize("path", ["/v1/transfers/", "/v1/wallets/", "/v1/wallets/alice/"])
async def test_a_trailing_slash_is_no_redirect(ready: Api, path: str) -> None:
    for method in ("GET", "POST"):
        answer = await ready.client.request(
            method, path, json=TRANSFER, headers={"Host": "api.example.com"}
        )
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("slash", ["%2F", "%2f"])
async def test_an_encoded_slash_is_no_separator(ready: Api, slash: str) -> None:
    for path in (
        f"wallets/alice{slash}freeze",
        f"wallets/alice{slash}close",
        f"holds/1{slash}void",
    ):
        answer = await ready.post(f"/v1/{path}", {})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert (await ready.get(f"/v1/wallets/alice{slash}entries")).status_code == 404
    assert (await ready.read("/v1/wallets/alice"))["status"] == "open"


async def test_the_other_keys_scope_is_enforced_by_the_table(ready: Api) -> None:
    """A route's scope in the table is the one that is enforced: a key of the scope below is
    refused."""
    pool = ready.app.services.pool
    keys = {scope: "zs_" + scope * 8 for scope in ("read", "write")}
    for scope, key in keys.items():
        await ready.allow(pool, key, scope)
    for route in KEYED:
        if route.scope == "read":
            continue
        key = keys["read" if route.scope == "write" else "write"]
        answer = await ready.client.request(
            route.method,
            path_of(route),
            json=BODIES.get(route.path),
            headers={"Authorization": f"Bearer {key}"},
        )
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), route.path
