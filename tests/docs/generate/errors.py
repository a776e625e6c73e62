"""The table of refusals: code, status, cause and what to do."""

from __future__ import annotations

from app.errors import CODES
from tests.docs.generate.markdown import table


def block() -> str:
    rows = [
        (
            f"`{code}`",
            str(entry.status),
            entry.title,
            entry.detail.replace("{", "*").replace("}", "*"),
        )
        for code, entry in CODES.items()
    ]
    return table(("code", "status", "cause", "what to do"), *rows)
