"""The table of settings."""

from __future__ import annotations

from app.settings import SETTINGS
from tests.docs.generate.markdown import table


def block() -> str:
    rows = [(f"`{name}`", default, text) for name, (default, text) in SETTINGS.items()]
    return table(("setting", "unless set", "what it does"), *rows)
