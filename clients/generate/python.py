"""Write the generated modules of clients/python from the API's OpenAPI document."""

from __future__ import annotations

import json
import keyword
import re
import textwrap

from app.errors import CODES
from clients.generate.operations import (
    Operation,
    Schema,
    is_amount,
    is_asked,
    members,
    name_of,
    read_operations,
)

HEAD = (
    '"""{}\n\nGenerated from the API\'s OpenAPI document: make clients. Do not edit."""\n\n'
    "from __future__ import annotations\n"
)
WIDTH = 88  # of a docstring's text
PRIMITIVES = {"integer": "int", "string": "str", "boolean": "bool", "number": "float"}
READS = {"json": "Any", "text": "str", "bytes": "bytes", "nothing": "None"}


def modules(document: bytes) -> dict[str, str]:
    """Return the text of each generated module by its name."""
    operations, components = read_operations(document)
    return {
        "types.py": types(components),
        "errors.py": errors(),
        "sync_operations.py": operations_module(operations, sync=True),
        "async_operations.py": operations_module(operations, sync=False),
    }


def py_type(schema: Schema, asks: bool) -> str:
    """Return a JSON schema as a type of Python. asks: of a request, where amounts may be strings."""
    if "$ref" in schema:
        return name_of(schema)
    if "enum" in schema:
        return f"Literal[{', '.join(json.dumps(value) for value in schema['enum'])}]"
    if is_amount(schema):
        return "int | str" if asks else "int"
    if "anyOf" in schema:
        found = dict.fromkeys(py_type(one, asks) for one in schema["anyOf"])
        return " | ".join(found)
    kind = schema.get("type")
    if kind == "array":
        return f"list[{py_type(schema['items'], asks)}]"
    if kind == "object":
        return "dict[str, Any]"
    if kind == "null":
        return "None"
    return PRIMITIVES.get(str(kind), "Any")


def types(components: dict[str, Schema]) -> str:
    """Return the module of the bodies, as TypedDicts in the API's field names."""
    lines = [
        HEAD.format("The bodies of requests and answers, in the API's field names."),
        "from typing import Any, Literal, NotRequired, TypedDict\n",
    ]
    for name, schema in sorted(components.items()):
        asks = is_asked(name, schema)
        told = " ".join(str(schema.get("description", "")).split())
        found = members(schema)
        if any(keyword.iskeyword(member) for member in found):
            pairs = ", ".join(
                f"{json.dumps(member)}: {wrapped(one, required, asks)!r}"
                for member, (one, required) in found.items()
            )
            lines.append(f'\n{name} = TypedDict("{name}", {{{pairs}}})\n')
            continue
        lines.append(f"\nclass {name}(TypedDict):")
        lines.append(f'    """{told or name}"""\n')
        for member, (one, required) in found.items():
            lines.append(f"    {member}: {wrapped(one, required, asks)}")
        lines.append("")
    return "\n".join(lines) + "\n"


def wrapped(schema: Schema, required: bool, asks: bool) -> str:
    text = py_type(schema, asks)
    return text if required else f"NotRequired[{text}]"


def errors() -> str:
    """Return the module of the errors: a class for each code."""
    lines = [
        HEAD.format("What the API refuses: a class for each code."),
        "from zerosum_client.problem import Problem\n",
    ]
    for code, entry in CODES.items():
        lines.append(f"\nclass {class_name(code)}(Problem):")
        lines.append(f'    """{entry.status}: {entry.title}."""\n')
    lines.append("\nBY_CODE: dict[str, type[Problem]] = {")
    lines += [f'    "{code}": {class_name(code)},' for code in CODES]
    lines.append("}")
    return "\n".join(lines) + "\n"


def class_name(code: str) -> str:
    return "".join(part.capitalize() for part in code.split("_"))


def operations_module(operations: list[Operation], sync: bool) -> str:
    kind, base = ("Sync", "SyncBase") if sync else ("Async", "AsyncBase")
    iterators = "Iterator" if sync else "AsyncIterator"
    lines = [
        HEAD.format(f"Every operation of the API, {'blocking' if sync else 'for asyncio'}."),
        f"from collections.abc import {iterators}",
        "from typing import Any, Literal\n",
        "from zerosum_client import types as t",
        f"from zerosum_client.core import UNSET, {base}, Unset\n",
        f"\nclass {kind}Operations({base}):",
        '    """The API\'s operations. Each raises a Problem: its class is the code\'s."""\n',
    ]
    for one in operations:
        lines += method_of(one, sync)
        if one.item is not None:
            lines += iterator_of(one, sync)
    return "\n".join(lines) + "\n"


def typed(text: str) -> str:
    """Return a type with the names of types.py in that module."""
    known = {"int", "str", "bool", "float", "None", "Any", "Literal", "list", "dict", "bytes"}
    return re.sub(
        r'"[^"]*"|\b[A-Za-z]\w*\b',
        lambda found: (
            found[0] if found[0] in known or found[0].startswith('"') else f"t.{found[0]}"
        ),
        text,
    )


def safe(name: str) -> str:
    return f"{name}_" if keyword.iskeyword(name) else name


def signature(one: Operation) -> list[str]:
    """Return the parameters: those of the path, then by name those of the body and the query."""
    found = [f"{name}: {typed(py_type(schema, asks=True))}" for name, schema in one.names]
    named = []
    given = [*(one.body or {}).items(), *one.query.items()]
    for name, (schema, required) in sorted(given, key=lambda member: not member[1][1]):
        kind = py_type(schema, asks=True)
        default = "" if required else " = UNSET"
        unset = "" if required else " | Unset"
        named.append(f"{safe(name)}: {typed(kind)}{unset}{default}")
    if one.filters:
        named.append("metadata: dict[str, str] | Unset = UNSET")
    if one.keyed:
        named.append("idempotency_key: str | None = None")
    return [*found, *(["*", *named] if named else [])]


def call_of(one: Operation) -> str:
    names = {name for name, _ in one.names}
    # A tile's name has slashes of its own.
    path = re.sub(
        r"{(\w+)}",
        lambda found: "{tile}" if found[1] == "tile" else "{self.segment(" + found[1] + ")}",
        one.path,
    )
    parts = [f'"{one.method}"', f'f"{path}"' if names else f'"{one.path}"']
    if one.query or one.filters:
        pairs = [f'"{name}": {safe(name)}' for name in one.query]
        if one.filters:
            pairs.append("**self.filters(metadata)")
        parts.append(f"query={{{', '.join(pairs)}}}")
    if one.body is not None:
        pairs = [f'"{name}": {safe(name)}' for name in one.body]
        parts.append(f"body={{{', '.join(pairs)}}}")
    if one.keyed:
        parts.append("keyed=True, key=idempotency_key")
    if one.reads != "json":
        parts.append(f'reads="{READS[one.reads]}"')
    return ", ".join(parts)


def method_of(one: Operation, sync: bool) -> list[str]:
    prefix, wait = ("", "") if sync else ("async ", "await ")
    answer = READS[one.reads] if one.answer is None else typed(py_type(one.answer, asks=False))
    lines = [f"    {prefix}def {one.name}(self, {', '.join(signature(one))}) -> {answer}:"]
    lines += doc(one.text)
    call = f"{wait}self.call({call_of(one)})"
    lines.append(
        f"        {call}" if one.reads == "nothing" else f"        found: {answer} = {call}"
    )
    if one.reads != "nothing":
        lines.append("        return found")
    return [*lines, ""]


def iterator_of(one: Operation, sync: bool) -> list[str]:
    """Return a method that yields the items of all pages."""
    prefix, wait, kind = ("", "", "Iterator") if sync else ("async ", "await ", "AsyncIterator")
    given = [part for part in signature(one) if not part.startswith("after:")]
    passed = [name for name, _ in one.names]
    passed += [f"{name}={name}" for name in one.query if name != "after"]
    passed += ["metadata=metadata"] if one.filters else []
    assert one.item is not None
    after = py_type(one.query["after"][0], asks=True)
    convert = "int(page['next'])" if after == "int" else "page['next']"
    name = one.name.replace("list_", "each_")
    return [
        f"    {prefix}def {name}(self, {', '.join(given)}) -> {kind}[{typed(py_type(one.item, asks=False))}]:",
        f'        """Yield what {one.name}() lists, page after page."""',
        f"        after: {after} | Unset = UNSET",
        "        while True:",
        f"            page = {wait}self.{one.name}({', '.join([*passed, 'after=after'])})",
        *(
            ["            yield from page['data']"]
            if sync
            else ["            for one in page['data']:", "                yield one"]
        ),
        "            if page['next'] is None:",
        "                return",
        f"            after = {convert}",
        "",
    ]


def doc(text: list[str]) -> list[str]:
    first, *rest = text
    if not rest:
        return [f'        """{first}"""']
    told = textwrap.wrap(" ".join(rest), WIDTH, break_on_hyphens=False)
    return [f'        """{first}', "", *(f"        {line}" for line in told), '        """']
