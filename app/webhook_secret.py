"""Secrets that sign webhooks, as Standard Webhooks spells them: a prefix and the bytes in base64.

whsec_: for HMAC. whsk_, whpk_: the private and the public key of ed25519.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from typing import Literal, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PREFIX, PRIVATE_PREFIX = "whsec_", "whsk_"
LENGTHS = range(24, 65)  # bytes
NEW_BYTES = 32

Signing = Literal["symmetric", "asymmetric"]


class BadSecret(ValueError):
    pass


class EndpointSecret(NamedTuple):
    """secret: whsec_… or whsk_…. public_key: of whsk_."""

    secret: str
    public_key: bytes | None


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


def endpoint_secret(signing: Signing, own: str | None = None) -> EndpointSecret:
    """Return a new secret, or one that was given. Raises BadSecret."""
    if signing == "symmetric":
        return EndpointSecret(spelled(new_secret() if own is None else parse_secret(own)), None)
    if own is not None:
        raise BadSecret("a secret of one's own is whsec_, and signing symmetric")
    private = Ed25519PrivateKey.generate()
    spelled_key = PRIVATE_PREFIX + base64.b64encode(private.private_bytes_raw()).decode()
    return EndpointSecret(spelled_key, private.public_key().public_bytes_raw())
