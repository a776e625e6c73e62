"""The reference of the API, from the OpenAPI document."""

from __future__ import annotations

import json
from typing import Any

from app.http.openapi import EXAMPLES, document
from app.http.routes import PLACE, SECTIONS, Route
from tests.docs.generate.markdown import json_block, table

SCOPES = {
    "read": "any API key",
    "write": "an API key of scope write or admin",
    "admin": "an API key of scope admin",
}


def block() -> str:
    spec = json.loads(document())
    told = []
    for section, (text, routes) in SECTIONS.items():
        told.append(f"## {section}\n\n{text}\n")
        told += [entry(route, spec) for route in routes]
    told.append("## Types\n\nWhat bodies and answers are made of.\n")
    told += [of_type(name, schema) for name, schema in spec["components"]["schemas"].items()]
    return "\n".join(told)


def entry(route: Route, spec: dict[str, Any]) -> str:
    path = PLACE.sub(r"{\1}", route.path)
    operation = spec["paths"][path][route.method.lower()]
    parts = [f"### {operation['summary']}\n\n`{route.method} {path}`"]
    if "description" in operation:
        parts.append(operation["description"])
    parts.append(f"Needs {needs(route)}.")
    given = [
        (f"`{one['name']}`", one["in"], one["description"])
        for one in operation["parameters"]
        if one["name"] != "Zerosum-Amounts"
    ]
    if given:
        parts.append(table(("parameter", "in", "what it says"), *given).rstrip())
    example = EXAMPLES[route.handler.__name__]
    if "body" in example:
        parts.append(f"Body: {linked(route.body)}.\n\n{json_block(example['body']).rstrip()}")
    shape = route.answers[example["status"]]
    told = "" if shape is None or isinstance(shape, str) else f": {linked(shape)}"
    parts.append(f"Answers {example['status']}{told}.")
    if "answer" in example:
        parts.append(json_block(example["answer"]).rstrip())
    return "\n\n".join(parts) + "\n"


def needs(route: Route) -> str:
    if route.scope is None:
        return "no API key"
    return SCOPES[route.scope] + (", or none" if route.open else "")


def linked(shape: Any) -> str:
    name = shape.__name__
    return f"[{name}](#{name.lower()})"


def of_type(name: str, schema: dict[str, Any]) -> str:
    required = set(schema.get("required", ()))
    rows = (
        [
            (f"`{member}`", kind(value), "yes" if member in required else "", value["description"])
            for member, value in schema["properties"].items()
        ]
        if schema.get("properties")
        else []
    )
    text = schema.get("description", "")
    told = f"### {name}\n" + (f"\n{text}\n" if text else "")
    if rows:
        told += "\n" + table(("member", "type", "always there", "what it says"), *rows)
    return told


def kind(value: dict[str, Any]) -> str:
    """A JSON schema in a few words."""
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in value:
        return " or ".join(dict.fromkeys(kind(one) for one in value["anyOf"]))
    if "enum" in value:
        return ", ".join(f"`{one}`" for one in value["enum"] if one is not None)
    if value.get("type") == "array":
        return f"list of {kind(value['items'])}"
    if isinstance(value.get("type"), list):
        return " or ".join(value["type"])
    return str(value.get("format") or value.get("type") or "any")
