"""Write the generated modules of clients/typescript from the API's OpenAPI document."""

from __future__ import annotations

import json
import re

from app.amounts import AMOUNTS
from app.errors import CODES
from clients.generate.operations import (
    Operation,
    Schema,
    camel,
    is_amount,
    is_asked,
    members,
    name_of,
    read_operations,
)

HEAD = "// {}\n// Generated from the API's OpenAPI document: make clients. Do not edit.\n\n"
PRIMITIVES = {"integer": "number", "number": "number", "string": "string", "boolean": "boolean"}
READS = {"text": "string", "bytes": "Uint8Array", "nothing": "void"}


def modules(document: bytes) -> dict[str, str]:
    """Return the text of each generated module by its name."""
    operations, components = read_operations(document)
    return {
        "names.ts": names(),
        "types.ts": types(components),
        "operations.ts": operations_module(operations),
    }


def names() -> str:
    amounts = "".join(f'  "{name}",\n' for name in sorted(AMOUNTS))
    codes = "".join(f'\n  | "{code}"' for code in CODES)
    return (
        HEAD.format("Names of the API: members that are amounts, and codes of refusals.")
        + f"export const AMOUNTS: ReadonlySet<string> = new Set([\n{amounts}]);\n\n"
        + f"export type Code ={codes};\n"
    )


def ts_type(schema: Schema, asks: bool) -> str:
    """Return a JSON schema as a type of TypeScript. asks: of a request, where an amount may be a
    number or a string too."""
    if "$ref" in schema:
        return name_of(schema)
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    if is_amount(schema):
        return "bigint | number | string" if asks else "bigint"
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(ts_type(one, asks) for one in schema["anyOf"]))
    kind = schema.get("type")
    if kind == "array":
        item = ts_type(schema["items"], asks)
        return f"({item})[]" if "|" in item else f"{item}[]"
    if kind == "object":
        return "Record<string, unknown>"
    if kind == "null":
        return "null"
    return PRIMITIVES.get(str(kind), "unknown")


def types(components: dict[str, Schema]) -> str:
    parts = [HEAD.format("The bodies of requests and answers, in the API's field names.")]
    for name, schema in sorted(components.items()):
        asks = is_asked(name, schema)
        told = " ".join(str(schema.get("description", "")).split())
        parts.append(f"/** {told or name} */\nexport interface {name} {{\n")
        for member, (one, required) in members(schema).items():
            about = " ".join(str(one.get("description", "")).split())
            parts.append(f"  /** {about} */\n" if about else "")
            parts.append(f"  {member}{'' if required else '?'}: {ts_type(one, asks)};\n")
        if name == "Problem":
            parts.append("  [fact: string]: unknown;\n")
        parts.append("}\n\n")
    return "".join(parts).rstrip() + "\n"


def operations_module(operations: list[Operation]) -> str:
    used = sorted(
        {word for one in operations for word in [one.body_name, *answers_of(one)] if word}
    )
    imported = "".join(f"  {name},\n" for name in used)
    lines = [
        HEAD.format("Every operation of the API.").rstrip() + "\n",
        'import { Base } from "./base.js";',
        f'import type {{\n{imported}}} from "./types.js";\n',
        "/** The API's operations. Each throws a Problem with the code of what was refused. */",
        "export class Operations extends Base {",
    ]
    for one in operations:
        lines += method_of(one)
        if one.item is not None:
            lines += iterator_of(one)
    return "\n".join(lines).rstrip() + "\n}\n"


def answers_of(one: Operation) -> list[str]:
    """Return the names of the types of an answer and of its items."""
    return [name_of(schema) for schema in (one.answer, one.item) if schema is not None]


def argument(name: str, given: dict[str, tuple[Schema, bool]], more: list[str]) -> list[str]:
    """Return an object as a parameter; none if it has no members."""
    if not given and not more:
        return []
    needed = any(required for _, required in given.values())
    inner = [
        f"{member}{'' if required else '?'}: {ts_type(schema, asks=True)}"
        for member, (schema, required) in given.items()
    ]
    return [f"{name}: {{ {'; '.join([*inner, *more])} }}{'' if needed else ' = {}'}"]


def method_of(one: Operation) -> list[str]:
    filters = ["metadata?: Record<string, string>"] if one.filters else []
    given = [f"{name}: {ts_type(schema, asks=True)}" for name, schema in one.names]
    if one.body is not None:
        optional = not any(required for _, required in one.body.values())
        given.append(f"body: {one.body_name}{' = {}' if optional else ''}")
    given += argument("query", one.query, filters)
    given += ["key?: string"] if one.keyed else []
    answer = READS.get(one.reads) or ts_type(one.answer or {}, asks=False)
    parts = []
    if one.query or filters:
        parts.append("query")
    if one.body is not None:
        parts.append("body")
    if one.keyed:
        parts.append("keyed: true, key")
    if one.reads != "json":
        parts.append(f'reads: "{one.reads}"')
    options = f", {{ {', '.join(parts)} }}" if parts else ""
    path = re.sub(
        r"{(\w+)}",
        lambda found: "${tile}" if found[1] == "tile" else f"${{encodeURIComponent({found[1]})}}",
        one.path,
    )
    spelled = f"`{path}`" if one.names else f'"{path}"'
    returned = "await" if one.reads == "nothing" else "return await"
    cast = "" if one.reads == "nothing" else f" as {answer}"
    return [
        "",
        *doc(one.text),
        f"  async {camel(one.name)}({', '.join(given)}): Promise<{answer}> {{",
        f'    {returned} this.call("{one.method}", {spelled}{options}){cast};',
        "  }",
    ]


def iterator_of(one: Operation) -> list[str]:
    """Return a method that yields the items of all pages."""
    assert one.item is not None
    filters = ["metadata?: Record<string, string>"] if one.filters else []
    query = {name: member for name, member in one.query.items() if name != "after"}
    given = [f"{name}: {ts_type(schema, asks=True)}" for name, schema in one.names]
    given += argument("query", query, filters)
    passed = [name for name, _ in one.names]
    kind = ts_type(one.query["after"][0], asks=True)
    after = "Number(page.next)" if kind == "number" else "page.next"
    call = f"this.{camel(one.name)}({', '.join([*passed, 'asked'])})"
    return [
        "",
        f"  /** Yield what {camel(one.name)}() lists, page after page. */",
        f"  async *{camel(one.name.replace('list_', 'each_'))}({', '.join(given)}): "
        f"AsyncGenerator<{ts_type(one.item, asks=False)}> {{",
        f"    let asked: typeof query & {{ after?: {kind} }} = query;",
        "    for (;;) {",
        f"      const page = await {call};",
        "      yield* page.data;",
        "      if (page.next === null) return;",
        f"      asked = {{ ...query, after: {after} }};",
        "    }",
        "  }",
    ]


def doc(text: list[str]) -> list[str]:
    first, *rest = text
    if not rest:
        return [f"  /** {first} */"]
    return [f"  /** {first}", *(f"   * {line}".rstrip() for line in rest), "   */"]
