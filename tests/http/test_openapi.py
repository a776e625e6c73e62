"""The OpenAPI document describes the API as it is."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.http import answers, bodies
from app.http.descriptions import MEMBERS
from app.http.openapi import document
from app.http.routes import ROUTES
from tests.support.api import Api
from tests.support.ledger import lease, stamp
from tests.tools.node import tool

QUERIES = {"/v1/proof/inclusion": "?seq=1", "/v1/proof/consistency": "?old_size=1"}


async def test_every_answer_has_the_documented_shape(api: Api, db: Any) -> None:
    await api.wallets("alice", "bob")
    await api.fund("alice", 5)
    placed = await api.made("/v1/holds", {"source": "alice", "destination": "bob", "amount": 5})
    await api.made(f"/v1/holds/{placed['id']}/capture", {"amount": 2})
    await api.made("/v1/transactions/1/reverse", {"amount": 1, "force": True})
    await api.made("/v1/webhooks", {"url": "https://example.com"})
    await stamp(db, "r", await lease(db, "r"))
    await db.execute("select zerosum.create_sink(1, 's', 'kafka://h/t', '{*}', 'now')")
    await api.client.put("/v1/consumers/mailer", json={})
    samples = {
        "{id}": "alice",
        "{name}": "mailer",
        "{id:number}": "1",
        "{seq:number}": "1",
        "{level:number}": "0",
    }
    samples["{tile:path}"] = "000.p/1"
    api.app.services.feed.close()  # A stream would not end.
    seen = 0
    for route in ROUTES:
        if route.method != "GET":
            continue
        path = route.path + QUERIES.get(route.path, "")
        if path == "/v1/sinks/{id:number}":  # One sequence numbers both.
            path = "/v1/sinks/2"
        if path == "/v1/holds/{id:number}":
            path = f"/v1/holds/{placed['id']}"
        for template, value in samples.items():
            path = path.replace(template, value)
        answer = await api.get(path)
        assert answer.status_code == 200, path
        shape = route.answers[200]
        if isinstance(shape, str):
            assert answer.headers["content-type"].partition(";")[0] == shape
            continue
        kind = type("Strict", (shape,), {}, forbid_unknown_fields=True)
        msgspec.json.decode(answer.content, type=kind)
        seen += 1
    assert seen > 10
    refused = await api.get("/v1/wallets/nobody")
    msgspec.json.decode(refused.content, type=answers.Problem)


async def test_the_document_names_every_operation_and_schema(api: Api) -> None:
    told = await api.read("/openapi.json")
    assert told["openapi"] == "3.1.0"
    named = {(m, p) for p, methods in told["paths"].items() for m in methods}
    assert len(named) == len(ROUTES)
    transfer = told["components"]["schemas"]["Transfer"]
    assert transfer["additionalProperties"] is False
    assert set(transfer["required"]) == {"source", "destination", "amount"}
    assert told["paths"]["/v1/transfers"]["post"]["responses"]["201"]


async def test_every_operation_and_member_is_described(api: Api) -> None:
    told = await api.read("/openapi.json")
    for name, schema in told["components"]["schemas"].items():
        for member, value in schema.get("properties", {}).items():
            assert value.get("description"), f"{name}.{member}"
    for path, methods in told["paths"].items():
        for operation in methods.values():
            assert operation["summary"], path
            assert all(given.get("description") for given in operation["parameters"]), path
    types = [*vars(answers).values(), *vars(bodies).values()]
    names = {name for one in types if isinstance(one, type) for name in (one.__name__,)}
    for entry in MEMBERS:
        name, _, member = entry.rpartition(".")
        assert not name or name in names, entry
        assert member


def test_a_linter_of_openapi_documents_finds_nothing(tmp_path: Path) -> None:
    (tmp_path / "openapi.json").write_bytes(document())
    ran = subprocess.run(
        [str(tool("redocly")), "lint", "openapi.json", "--format=json"],
        cwd=tmp_path,
        env={
            **os.environ,
            "REDOCLY_TELEMETRY": "off",
            "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true",
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    told = json.loads(ran.stdout)
    assert told["problems"] == []
    assert told["totals"] == {"errors": 0, "warnings": 0, "ignored": 0}


@pytest.mark.parametrize("path", ["/docs", "/docs/swagger-ui.css", "/docs/swagger-ui-bundle.js"])
async def test_the_page_is_served_from_here(api: Api, path: str) -> None:
    answer = await api.get(path)
    assert answer.status_code == 200
    if path == "/docs":
        assert "http" not in answer.text.replace('url: "/openapi.json"', "")


async def test_another_method_is_told_which_there_are(api: Api) -> None:
    answer = await api.client.put("/v1/wallets")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD", "POST"}
