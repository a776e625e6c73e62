"""The API's operations as tools of agents, made from its OpenAPI document: those that read, and
those that move or hold value within what the API key allows. What manages the ledger is left out."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from app.http.openapi import document

READS = (
    "list_wallets",
    "read_wallet",
    "list_entries",
    "list_transactions",
    "read_transaction",
    "list_holds",
    "read_hold",
    "list_events",
    "list_assets",
    "list_webhooks",
    "list_deliveries",
    "read_proof",
)
MOVES = (
    "create_transfer",
    "create_credit",
    "create_debit",
    "create_transaction",
    "create_hold",
    "capture_hold",
    "void_hold",
    "reverse_transaction",
)
CAUTION = (
    "This moves or holds real value. With dry_run true it is answered as it would be answered, and "
    "nothing is written: do that first, and show the person what it would do. To repeat a request "
    "whose answer was lost, send it again with the same idempotency_key: it posts once. Amounts are "
    "whole numbers of the asset's smallest unit: 12.50 USD is 1250."
)
KEY = {
    "type": "string",
    "minLength": 1,
    "maxLength": 255,
    "description": "Yours: one for each thing that you mean to do, the same when you repeat it.",
}
DRY_RUN = {
    "type": "boolean",
    "description": "true: show what it would do, and write nothing. false: do it.",
}

Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tool:
    """moves: whether it can move or hold value. names: the parameters in the path. query, members:
    those of the query and of the body. schema: of its arguments, a JSON schema."""

    name: str
    description: str
    moves: bool
    method: str
    path: str
    names: tuple[str, ...]
    query: tuple[str, ...]
    members: tuple[str, ...]
    schema: Schema

    def request(self, arguments: dict[str, Any]) -> tuple[str, dict[str, str], Schema | None]:
        """Return the path, the query, and the body. Raises KeyError for a missing part of the
        path."""
        path = self.path
        for name in self.names:
            path = path.replace(f"{{{name}}}", quote(str(arguments[name]), safe=""))
        query = {name: spelled(arguments[name]) for name in self.query if name in arguments}
        if not self.moves:
            return path, query, None
        return path, query, {name: arguments[name] for name in self.members if name in arguments}


def spelled(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def tools(read_only: bool) -> list[Tool]:
    """Return the tools. read_only: those that change nothing."""
    api = json.loads(document())
    found = {
        given["operationId"]: (method, path, given)
        for path, methods in api["paths"].items()
        for method, given in methods.items()
    }
    wanted = READS if read_only else (*READS, *MOVES)
    return [tool(name, *found[name], api["components"]["schemas"]) for name in wanted]


def tool(name: str, method: str, path: str, given: Schema, components: Schema) -> Tool:
    moves = name in MOVES
    parameters = given.get("parameters", [])
    names = [one for one in parameters if one["in"] == "path"]
    query = [one for one in parameters if one["in"] == "query" and one["name"] != "metadata"]
    properties = {
        one["name"]: {**one["schema"], "description": one["description"]}
        for one in [*names, *query]
    }
    required = [one["name"] for one in [*names, *query] if one.get("required")]
    body: Schema = {}
    if moves:
        ref = given["requestBody"]["content"]["application/json"]["schema"]["$ref"]
        body = components[ref.rpartition("/")[2]]
        properties |= body["properties"] | {"idempotency_key": KEY, "dry_run": DRY_RUN}
        required += [*body.get("required", []), "idempotency_key", "dry_run"]
    schema: Schema = {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }
    told = f"{given['summary']}. {given.get('description', '')}".strip()
    return Tool(
        name=name,
        description=f"{told} {CAUTION}" if moves else f"{told} It changes nothing.",
        moves=moves,
        method=method.upper(),
        path=path,
        names=tuple(one["name"] for one in names),
        query=tuple(one["name"] for one in query),
        members=tuple(body.get("properties", ())),
        schema=with_definitions(schema, components),
    )


def with_definitions(schema: Schema, components: Schema) -> Schema:
    """Return the schema with the definitions that it refers to in itself."""
    text = json.dumps(schema)
    needed: dict[str, str] = {}
    while missing := set(re.findall(r"#/components/schemas/(\w+)", text)) - needed.keys():
        for name in missing:
            needed[name] = json.dumps(components[name])
            text += needed[name]
    definitions = {name: json.loads(local(one)) for name, one in sorted(needed.items())}
    found: Schema = json.loads(local(json.dumps(schema)))
    return {**found, "$defs": definitions} if definitions else found


def local(text: str) -> str:
    return text.replace("#/components/schemas/", "#/$defs/")
