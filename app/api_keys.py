"""API keys: their form, and the only form in which they are stored and looked up."""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import Any

API_KEY = re.compile(r"zs_[A-Za-z0-9_-]{16,200}")
HINT_LENGTH = 7


def new_key() -> str:
    return "zs_" + secrets.token_urlsafe(24)


def key_hash(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


def stored(key: str, scope: str) -> dict[str, Any]:
    """Return what zerosum.add_key stores of a key: never the key itself."""
    return {"key_hash": key_hash(key), "scope": scope, "hint": key[:HINT_LENGTH]}
