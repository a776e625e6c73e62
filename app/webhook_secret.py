"""Secrets that sign webhooks, as Standard Webhooks spells them: whsec_ and the bytes in base64."""

from __future__ import annotations

import base64
import binascii
import secrets

PREFIX = "whsec_"
LENGTHS = range(24, 65)  # bytes
NEW_BYTES = 32


class BadSecret(ValueError):
    pass


def new_secret() -> bytes:
    return secrets.token_bytes(NEW_BYTES)


def spelled(secret: bytes) -> str:
    return PREFIX + base64.b64encode(secret).decode()


def parse_secret(text: str) -> bytes:
    """Return the bytes behind whsec_. Raises BadSecret."""
    try:
        secret = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if not text.startswith(PREFIX) or len(secret) not in LENGTHS:
        raise BadSecret("a secret is whsec_ and 24 to 64 bytes in base64")
    return secret
