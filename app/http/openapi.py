"""OpenAPI 3.1, generated from the table of routes, the types of bodies and answers, their glossary
and the examples.

`/docs` shows the document without the internet.
"""

from __future__ import annotations

import inspect
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from app.errors import CODES, problem_body
from app.http import answers, bodies
from app.http.answers import Problem
from app.http.descriptions import describe
from app.http.responses import BYTES, STREAM, TEXT
from app.http.routes import PLACE, ROUTES, SECTIONS, Route
from app.version import VERSION

SCHEMA = "#/components/schemas/{name}"
PROBLEM_JSON = "application/problem+json"
EXAMPLES: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parent / "examples.json").read_text()
)
ABOUT = """\
Zerosum is a wallet engine: credits, debits, transfers, holds and reversals as double entry, and an event for each.

Amounts are whole numbers of the asset's smallest unit: 250 is 2.50 USD. Send an `Idempotency-Key` with each request
that moves value, and send the same request with the same key again when you lost its answer.
"""
PATH_TEXTS = {
    "id": "The id.",
    "name": "The name.",
    "number": "The number of the replay.",
    "seq": "The event's number in the feed.",
    "level": "The level of the tile, 0 for the leaves.",
    "tile": "The number of the tile, as C2SP tlog-tiles spells it.",
}
QUERY_TEXTS = {
    "limit": "How many items a page has at most.",
    "after": "The `next` of the page before.",
    "prefix": "Only wallets whose id begins with this.",
    "asset": "Only wallets that hold this asset.",
    "status": "Only deliveries of this status.",
    "dry_run": "true: answer as the request would be answered, and write nothing.",
    "seq": "The event's number in the feed.",
    "size": "The number of events in the log; the log's size now unless given.",
    "types": "Only events of these types, separated by commas: *, a type, or a prefix such as hold.*",
    "wallet": "Only events of these wallets, separated by commas: *, an id, or a prefix such as user_*",
    "kind": "Only events of transactions of these kinds, separated by commas, such as credit,reversal.",
    "reference": "Only transactions with this reference.",
    "idempotency_key": "Only the transaction that was posted with this key.",
    "since": "Only what was recorded at this time or later.",
    "until": "Only what was recorded before this time.",
    "wait": "Seconds to wait at the end of the feed for the next event.",
    "old_size": "The number of events in the older log.",
}
FILTERS = {
    "name": "metadata",
    "in": "query",
    "description": "As metadata.KEY=VALUE: only items whose metadata has this value; at most 10.",
    "content": {"application/x-www-form-urlencoded": {"schema": {"type": "object"}}},
}
KEY_PARAMETER = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "The same request with the same key is answered the same and posts once.",
    "schema": {"type": "string", "pattern": "^[ -~]{1,255}$"},
}
LAST_ID_PARAMETER = {
    "name": "Last-Event-ID",
    "in": "header",
    "description": "The last id that the client has got; it counts instead of after.",
    "schema": {"type": "string", "pattern": "^[0-9]{1,19}$"},
}
AMOUNTS_PARAMETER = {
    "name": "Zerosum-Amounts",
    "in": "header",
    "description": "string: amounts in the answer are strings, for clients whose numbers end at 2^53.",
    "schema": {"type": "string", "enum": ["integer", "string"], "default": "integer"},
}
POSITION_PARAMETER = {
    "name": "Zerosum-Position",
    "in": "header",
    "description": "On a write, latest: the answer has the position of what was written. On a read: that "
    "position, so that it is seen, or latest, for the primary's answer.",
    "schema": {"type": "string", "pattern": "^(latest|[0-9A-F]{1,8}/[0-9A-F]{1,8})$"},
}
# Facts for the example of each code.
FACTS: dict[str, Any] = {
    "reason": "amount is there twice.",
    "limit": 1048576,
    "scope": "read",
    "needed": "write",
    "wallet": "alice",
    "asset": "USD",
    "scale": 2,
    "source": "alice",
    "source_asset": "USD",
    "destination": "bob",
    "destination_asset": "EUR",
    "version": 4,
    "available": 750,
    "posted": 800,
    "held": 50,
    "hold": 6,
    "posting": 1,
    "remaining": 40,
    "endpoint": 1,
    "purged_seq": 256,
    "last_seq": 1500,
    "min_balance": 0,
    "max_balance": 1000,
    "would_be": -250,
}


def statuses(route: Route) -> list[int]:
    """Return the statuses of refusals that a route may answer with."""
    found = {400, 500, 503}
    if route.scope is not None:
        found |= {401, 403, 429}
    if route.method in {"POST", "PATCH", "PUT"}:
        found |= {409, 422}
    if route.body is not None:
        found |= {413, 415}
    if "{" in route.path or route.path.startswith("/v1/proof/"):
        found |= {404}
    if route.from_event:
        found |= {409, 410}
    return sorted(found - set(route.answers))


def parameters(route: Route) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": PATH_TEXTS[name],
            "schema": {"type": "integer", "minimum": 1}
            if kind == ":number"
            else {"type": "string", "minLength": 1},
        }
        for name, kind in PLACE.findall(route.path)
    ]
    found += [
        {
            "name": name,
            "in": "query",
            "required": name in route.required,
            "description": schema.get("description", QUERY_TEXTS.get(name)),
            "schema": {key: one for key, one in schema.items() if key != "description"},
        }
        for name, schema in route.query.items()
    ]
    if route.filters:
        found.append(FILTERS)
    if route.keyed:
        found.append(KEY_PARAMETER)
    if route.resumable:
        found.append(LAST_ID_PARAMETER)
    if route.scope is not None:
        found.append(AMOUNTS_PARAMETER)
        found.append(POSITION_PARAMETER)
    return found


def content(shape: Any, example: Any = None) -> dict[str, Any]:
    if shape is None:
        return {}
    if shape in {TEXT, BYTES, STREAM}:
        schema = {} if shape == BYTES else {"type": "string"}
        return {"content": {shape: {"schema": schema}}}
    media: dict[str, Any] = {"schema": {"$ref": SCHEMA.format(name=shape.__name__)}}
    if example is not None:
        media["example"] = example
    return {"content": {"application/json": media}}


def operation(section: str, route: Route) -> dict[str, Any]:
    name = route.handler.__name__
    summary, _, text = (inspect.getdoc(route.handler) or "").partition("\n\n")
    # A new route has no example until `make reference` has recorded one; a test asks for it.
    shown = EXAMPLES.get(name, {})
    described: dict[str, Any] = {
        "operationId": name,
        "tags": [section],
        "summary": summary.rstrip("."),
        "parameters": parameters(route),
        "responses": {
            **{
                str(status): {
                    "description": summary,
                    **content(
                        shape, shown.get("answer") if status == shown.get("status") else None
                    ),
                }
                for status, shape in route.answers.items()
            },
            **{
                str(status): {"$ref": f"#/components/responses/{status}"}
                for status in statuses(route)
            },
        },
        "security": security(route),
    }
    if text:
        described["description"] = " ".join(text.split())
    if route.body is not None:
        described["requestBody"] = {"required": True, **content(route.body, shown.get("body"))}
    return described


def security(route: Route) -> list[dict[str, list[str]]]:
    """Return the route's security requirements. An empty requirement means that no key is needed."""
    if route.scope is None:
        return []
    return [*([{}] if route.open else []), {"key": []}]


def refusals() -> dict[str, Any]:
    """Return, by status, a response with an example of each of its codes."""
    found: dict[str, Any] = {}
    for code, entry in CODES.items():
        response = found.setdefault(
            str(entry.status),
            {
                "description": "",
                "content": {
                    PROBLEM_JSON: {
                        "schema": {"$ref": SCHEMA.format(name=Problem.__name__)},
                        "examples": {},
                    }
                },
            },
        )
        facts = {name: FACTS[name] for name in re.findall(r"{(\w+)}", entry.detail)}
        example = {"summary": entry.title, "value": json.loads(problem_body(code, facts))}
        response["content"][PROBLEM_JSON]["examples"][code] = example
    for response in found.values():
        codes = response["content"][PROBLEM_JSON]["examples"]
        response["description"] = f"Refused with the code {' or '.join(codes)}."
    used = {str(status) for route in ROUTES for status in statuses(route)}
    return {status: response for status, response in sorted(found.items()) if status in used}


def schemas() -> dict[str, Any]:
    """Return the schema of every type of a body and an answer, with a description of each member."""
    shapes = {shape for route in ROUTES for shape in route.answers.values()}
    types = [route.body for route in ROUTES if route.body is not None]
    types += [shape for shape in shapes if isinstance(shape, type)]
    _, found = msgspec.json.schema_components([*types, Problem], ref_template=SCHEMA)
    # A problem has the facts of its code too.
    found[Problem.__name__]["additionalProperties"] = True
    describe_members(found)
    return dict(sorted(found.items()))


def describe_members(components: dict[str, Any]) -> None:
    """Add to the schemas of these types, by name, what the glossary says of each member."""
    for name, schema in components.items():
        bases = [base.__name__ for base in bases_of(name)]
        for member, value in schema.get("properties", {}).items():
            if text := describe(name, bases, member):
                value["description"] = text


def bases_of(name: str) -> list[type]:
    """Return the types that a type of bodies or answers extends, the nearest first."""
    found: type | None = getattr(bodies, name, None) or getattr(answers, name, None)
    return [] if found is None else list(found.__mro__[1:-2])


@cache
def document() -> bytes:
    paths: dict[str, Any] = {}
    for section, (_, routes) in SECTIONS.items():
        for route in routes:
            path = PLACE.sub(r"{\1}", route.path)
            paths.setdefault(path, {})[route.method.lower()] = operation(section, route)
    return msgspec.json.encode(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "Zerosum",
                "version": VERSION,
                "summary": "A wallet engine in one Postgres",
                "description": ABOUT,
                "license": {"name": "MIT", "identifier": "MIT"},
            },
            "servers": [{"url": "/", "description": "This server"}],
            "tags": [{"name": name, "description": text} for name, (text, _) in SECTIONS.items()],
            "paths": paths,
            "components": {
                "schemas": schemas(),
                "responses": refusals(),
                "securitySchemes": {
                    "key": {
                        "type": "http",
                        "scheme": "bearer",
                        "description": "An API key of the ledger, which begins with zs_.",
                    }
                },
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
