"""The API's operations as clients have them, from its OpenAPI document."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

LEFT_OUT = {"stream_events", "healthz", "readyz", "read_metrics"}  # Not JSON, or not for clients.
AMOUNT = [{"type": "integer"}, {"type": "string"}]

Schema = dict[str, Any]


@dataclass(frozen=True)
class Operation:
    """path: with {names}. query, body: each member's schema by name, and whether it must be given.
    body_name: of the body's schema.
    answer: the schema of an answer in JSON; None: it has none. reads: what an answer is: json, text,
    bytes, nothing. item: the schema of a page's items, if it answers pages. filters: it takes
    metadata filters."""

    name: str
    method: str
    path: str
    names: list[tuple[str, Schema]]
    query: dict[str, tuple[Schema, bool]]
    body: dict[str, tuple[Schema, bool]] | None
    body_name: str
    keyed: bool
    answer: Schema | None
    reads: str
    text: list[str]
    item: Schema | None
    filters: bool


def read_operations(document: bytes) -> tuple[list[Operation], dict[str, Schema]]:
    """Return the operations, and the schemas of bodies by name."""
    api = json.loads(document)
    components = api["components"]["schemas"]
    operations = [
        read_operation(method, path, given, components)
        for path, methods in api["paths"].items()
        for method, given in methods.items()
        if given["operationId"] not in LEFT_OUT
    ]
    return operations, components


def read_operation(
    method: str, path: str, given: Schema, components: dict[str, Schema]
) -> Operation:
    parameters = given.get("parameters", [])
    query = {
        one["name"]: (one["schema"], bool(one.get("required")))
        for one in parameters
        if one["in"] == "query" and one["name"] != "metadata"
    }
    body, body_name = None, ""
    if "requestBody" in given:
        body_name = name_of(given["requestBody"]["content"]["application/json"]["schema"])
        body = members(components[body_name])
    content = next(iter(given["responses"].values())).get("content", {})
    answer = content.get("application/json", {}).get("schema")
    item = None
    if answer is not None and "after" in query:
        item = components[name_of(answer)]["properties"]["data"]["items"]
    text = [f"{given['summary']}."]
    if given.get("description"):
        text += ["", *given["description"].strip().split("\n")]
    return Operation(
        name=given["operationId"],
        method=method.upper(),
        path=path,
        names=[(one["name"], one["schema"]) for one in parameters if one["in"] == "path"],
        query=query,
        body=body,
        body_name=body_name,
        keyed=any(one["name"] == "Idempotency-Key" for one in parameters),
        answer=answer,
        reads="json" if answer is not None else reads_of(content),
        text=text,
        item=item,
        filters=any(one["name"] == "metadata" for one in parameters),
    )


def members(shape: Schema) -> dict[str, tuple[Schema, bool]]:
    """Return the members of an object's schema, and whether each must be given."""
    required = set(shape.get("required", ()))
    return {name: (one, name in required) for name, one in shape["properties"].items()}


def reads_of(content: Schema) -> str:
    if not content:
        return "nothing"
    return "text" if "text/plain" in content else "bytes"


def name_of(schema: Schema) -> str:
    return str(schema["$ref"]).rpartition("/")[2]


def is_amount(schema: Schema) -> bool:
    return [{"type": one.get("type")} for one in schema.get("anyOf", [])] == AMOUNT


def is_asked(name: str, schema: Schema) -> bool:
    """Return whether a body is a request's, whose amounts may be numbers or strings."""
    return "additionalProperties" in schema and name != "Problem"


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
