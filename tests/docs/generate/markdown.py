"""Markdown that several blocks are made of."""

from __future__ import annotations

import json
from typing import Any


def table(*rows: tuple[str, ...]) -> str:
    """A table; the first row is its head."""
    head, *body = rows
    return "\n".join(row_of(row) for row in (head, ("---",) * len(head), *body)) + "\n"


def row_of(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def json_block(value: Any) -> str:
    """Indented as the eye likes it: what fits on a line stays on one."""
    return f"```json\n{laid_out(value)}\n```\n"


def laid_out(value: Any, indent: str = "") -> str:
    short = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(short) <= 88 or not value or not isinstance(value, (dict, list)):
        return short
    deeper = indent + "  "
    if isinstance(value, list):
        items = [laid_out(item, deeper) for item in value]
        return "[\n" + ",\n".join(deeper + item for item in items) + f"\n{indent}]"
    members = [
        f"{json.dumps(name, ensure_ascii=False)}: {laid_out(item, deeper)}"
        for name, item in value.items()
    ]
    return "{\n" + ",\n".join(deeper + member for member in members) + f"\n{indent}}}"
