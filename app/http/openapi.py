"""OpenAPI 3.1 from the table of operations and the types that parse requests; `/docs` shows it without the internet."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from app.errors import CODES
from app.http.answer_bodies import Problem
from app.http.routes import BYTES, OPERATIONS, TEXT, Operation
from app.version import VERSION

REF = "#/components/schemas/{name}"
PROBLEM_JSON = "application/problem+json"
COMMON_HEADERS = {
    "Zerosum-Amounts": {"type": "string", "enum": ["integer", "string"]},
}
FILTERS = {
    "name": "metadata",
    "in": "query",
    "description": "As metadata.KEY=VALUE: only those whose metadata has this value; at most 10.",
    "content": {"application/x-www-form-urlencoded": {"schema": {"type": "object"}}},
}
IDEMPOTENCY_KEY = {"type": "string", "pattern": "^[ -~]{1,255}$"}


def statuses(operation: Operation) -> list[int]:
    """The refusals that an operation may answer with."""
    found = {500, 503}
    if operation.scope is not None:
        found |= {400, 401, 403, 429}
    if operation.method in {"POST", "PATCH"}:
        found |= {409, 422}
    if operation.body is not None:
        found |= {413, 415}
    if "{" in operation.path or operation.path.startswith("/v1/proof/"):
        found |= {404}
    return sorted(found - set(operation.answers))


def parameters(operation: Operation) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "integer", "minimum": 1}
            if kind == ":number"
            else {"type": "string", "minLength": 1},
        }
        for name, kind in re.findall(r"{(\w+)(:number|:path)?}", operation.path)
    ]
    found += [
        {"name": n, "in": "query", "required": n in operation.required, "schema": schema}
        for n, schema in operation.query.items()
    ]
    if operation.filters:
        found.append(FILTERS)
    if operation.keyed:
        found.append({"name": "Idempotency-Key", "in": "header", "schema": IDEMPOTENCY_KEY})
    if operation.scope is not None:
        found += [{"name": n, "in": "header", "schema": s} for n, s in COMMON_HEADERS.items()]
    return found


def content(shape: Any) -> dict[str, Any]:
    if shape is None:
        return {}
    if shape == TEXT:
        return {"content": {TEXT: {"schema": {"type": "string"}}}}
    if shape == BYTES:
        return {"content": {BYTES: {}}}
    return {"content": {"application/json": {"schema": {"$ref": REF.format(name=shape.__name__)}}}}


def described(operation: Operation) -> dict[str, Any]:
    problem = {PROBLEM_JSON: {"schema": {"$ref": REF.format(name=Problem.__name__)}}}
    told: dict[str, Any] = {
        "operationId": operation.handler.__name__,
        "summary": (operation.handler.__doc__ or operation.handler.__name__).splitlines()[0],
        "parameters": parameters(operation),
        "responses": {
            **{
                str(status): {"description": "As asked.", **content(shape)}
                for status, shape in operation.answers.items()
            },
            **{
                str(status): {"description": codes_of(status), "content": problem}
                for status in statuses(operation)
            },
        },
        "security": [] if operation.scope is None else [{"key": []}],
    }
    if operation.body is not None:
        told["requestBody"] = {"required": True, **content(operation.body)}
    return told


def codes_of(status: int) -> str:
    return (
        "Code " + ", ".join(code for code, entry in CODES.items() if entry.status == status) + "."
    )


@cache
def document() -> bytes:
    shapes = {shape for operation in OPERATIONS for shape in operation.answers.values()}
    types = [operation.body for operation in OPERATIONS if operation.body is not None]
    types += [shape for shape in shapes if isinstance(shape, type)]
    _, components = msgspec.json.schema_components([*types, Problem], ref_template=REF)
    paths: dict[str, Any] = {}
    for operation in OPERATIONS:
        path = re.sub(r"{(\w+)(:number|:path)?}", r"{\1}", operation.path)
        paths.setdefault(path, {})[operation.method.lower()] = described(operation)
    return msgspec.json.encode(
        {
            "openapi": "3.1.0",
            "info": {"title": "Zerosum", "version": VERSION},
            "paths": paths,
            "components": {
                "schemas": dict(sorted(components.items())),
                "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            },
        }
    )


async def read_openapi(_: Request) -> Response:
    return Response(document(), media_type="application/json")


async def read_docs(_: Request) -> Response:
    return HTMLResponse(PAGE)


PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Zerosum API</title>
<meta name="viewport" content="width=device-width">
<link rel="stylesheet" href="/docs/swagger-ui.css">
<div id="api"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script>SwaggerUIBundle({url: "/openapi.json", dom_id: "#api", deepLinking: true})</script>
</html>
"""
