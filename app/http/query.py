"""Query parameters. A route declares them with their JSON schemas; all others are refused."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, NoReturn
from urllib.parse import unquote_to_bytes

from app.errors import Refusal
from app.http.parsing import timestamp

MAX_FILTERS = 10
FILTER = "metadata."
BOOLEANS = {"true": True, "false": False}

Schemas = Mapping[str, Mapping[str, Any]]


def read_query(
    raw: bytes, schemas: Schemas, required: Collection[str] = (), filters: bool = False
) -> dict[str, Any]:
    """Return the parameters of a query string by name, as their schemas' types, with defaults
    filled in.

    filters: `metadata.KEY=VALUE` may be given too; it stands under its whole name. Raises Refusal
    `invalid_parameter` for a name that is unknown or given twice, and for a value that does not
    fit.
    """
    given: dict[str, Any] = {}
    for part in raw.split(b"&"):
        if not part:
            continue
        name, _, text = (decoded(half) for half in part.replace(b"+", b" ").partition(b"="))
        if name in given:
            refuse(f"{name} is given twice.")
        if filters and name.startswith(FILTER):
            given[name] = text
        elif name in schemas:
            given[name] = value(name, text, schemas[name])
        else:
            known = [*schemas, *((f"{FILTER}KEY",) if filters else ())]
            refuse(f"{name} is not a parameter here; known are: {', '.join(known) or 'none'}.")
    if sum(name.startswith(FILTER) for name in given) > MAX_FILTERS:
        refuse(f"Give at most {MAX_FILTERS} metadata filters.")
    for name in required:
        if name not in given:
            refuse(f"{name} is required.")
    defaults = {name: schema["default"] for name, schema in schemas.items() if "default" in schema}
    return {**defaults, **given}


def decoded(raw: bytes) -> str:
    """Decode application/x-www-form-urlencoded text. Raises Refusal for NUL, which Postgres never
    stores."""
    try:
        text = unquote_to_bytes(raw).decode()
    except UnicodeDecodeError:
        refuse("The query is not UTF-8.")
    if "\0" in text:
        refuse("The query has a NUL character.")
    return text


def value(name: str, text: str, schema: Mapping[str, Any]) -> Any:
    """Return the parameter's value by its JSON schema: an integer, a boolean, a time, or a
    string of a pattern or an enum. Raises Refusal."""
    if schema["type"] == "integer":
        low, high = schema["minimum"], schema["maximum"]
        if not re.fullmatch(r"[0-9]{1,19}", text) or not low <= int(text) <= high:
            refuse(f"{name} must be a number from {low} to {high}.")
        return int(text)
    if schema["type"] == "boolean":
        if text not in BOOLEANS:
            refuse(f"{name} must be true or false.")
        return BOOLEANS[text]
    if "enum" in schema and text not in schema["enum"]:
        refuse(f"{name} must be one of: {', '.join(schema['enum'])}.")
    if schema.get("format") == "date-time":
        try:
            return timestamp(text)
        except Refusal:
            refuse(f"{name} must be like 2030-01-31T12:00:00Z.")
    if "pattern" in schema and not re.fullmatch(schema["pattern"], text):
        refuse(f"{name} must match {schema['pattern']}.")
    return text


def refuse(reason: str) -> NoReturn:
    raise Refusal("invalid_parameter", reason=reason)


def metadata_filters(query: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Return the keys and values of the parameters `metadata.KEY=VALUE`."""
    pairs = [
        (name.removeprefix(FILTER), text) for name, text in query.items() if name.startswith(FILTER)
    ]
    return [name for name, _ in pairs], [text for _, text in pairs]
