"""The table of refusals: code, status, cause and what to do."""

from __future__ import annotations

from app.errors import CODES
from tests.docs.generate.markdown import table


def block() -> str:
    rows = [
        (f"`{code}`", str(entry.status), entry.title, what_to_do(entry.detail))
        for code, entry in CODES.items()
    ]
    return table(("code", "status", "cause", "what to do"), *rows)


def what_to_do(detail: str) -> str:
    """The detail, with the names of its facts in italics."""
    if detail == "{reason}":
        return "The detail says what is wrong, and what would do."
    return detail.replace("{", "*").replace("}", "*")
