"""OpenAPI 3.1 from the table of operations and the types that parse requests; `/docs` shows it without the internet."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from app.errors import CODES
from app.http.answers import Problem
from app.http.routes import BYTES, ROUTES, TEXT, Route
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


def statuses(route: Route) -> list[int]:
    """The refusals that an operation may answer with."""
    found = {500, 503}
    if route.scope is not None:
        found |= {400, 401, 403, 429}
    if route.method in {"POST", "PATCH"}:
        found |= {409, 422}
    if route.body is not None:
        found |= {413, 415}
    if "{" in route.path or route.path.startswith("/v1/proof/"):
        found |= {404}
    return sorted(found - set(route.answers))


def parameters(route: Route) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "integer", "minimum": 1}
            if kind == ":number"
            else {"type": "string", "minLength": 1},
        }
        for name, kind in re.findall(r"{(\w+)(:number|:path)?}", route.path)
    ]
    found += [
        {"name": n, "in": "query", "required": n in route.required, "schema": schema}
        for n, schema in route.query.items()
    ]
    if route.filters:
        found.append(FILTERS)
    if route.keyed:
        found.append({"name": "Idempotency-Key", "in": "header", "schema": IDEMPOTENCY_KEY})
    if route.scope is not None:
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


def described(route: Route) -> dict[str, Any]:
    problem = {PROBLEM_JSON: {"schema": {"$ref": REF.format(name=Problem.__name__)}}}
    told: dict[str, Any] = {
        "operationId": route.handler.__name__,
        "summary": (route.handler.__doc__ or route.handler.__name__).splitlines()[0],
        "parameters": parameters(route),
        "responses": {
            **{
                str(status): {"description": "As asked.", **content(shape)}
                for status, shape in route.answers.items()
            },
            **{
                str(status): {"description": codes_of(status), "content": problem}
                for status in statuses(route)
            },
        },
        "security": security(route),
    }
    if route.body is not None:
        told["requestBody"] = {"required": True, **content(route.body)}
    return told


def security(route: Route) -> list[dict[str, list[str]]]:
    """An empty requirement: no key is needed."""
    if route.scope is None:
        return []
    return [*([{}] if route.open else []), {"key": []}]


def codes_of(status: int) -> str:
    return (
        "Code " + ", ".join(code for code, entry in CODES.items() if entry.status == status) + "."
    )


@cache
def document() -> bytes:
    shapes = {shape for route in ROUTES for shape in route.answers.values()}
    types = [route.body for route in ROUTES if route.body is not None]
    types += [shape for shape in shapes if isinstance(shape, type)]
    _, components = msgspec.json.schema_components([*types, Problem], ref_template=REF)
    paths: dict[str, Any] = {}
    for route in ROUTES:
        path = re.sub(r"{(\w+)(:number|:path)?}", r"{\1}", route.path)
        paths.setdefault(path, {})[route.method.lower()] = described(route)
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
