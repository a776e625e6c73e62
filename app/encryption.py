"""Encryption of the secrets that the database keeps: of webhooks, header fields, sinks' URLs.

AES-256-GCM under ZEROSUM_SECRET_KEY. What is encrypted is a text too, `encrypted:KEY ID:BASE64`, so
that a database in which only some values are encrypted can be read, and each value says which key
opens it. The kind of the value is authenticated: one can't stand in for another kind.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Sequence
from typing import Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MARK = "encrypted:"
NONCE_BYTES = 12

Kind = Literal["webhook secret", "webhook headers", "sink url"]


class CantDecrypt(Exception):
    """No key opens the value; the message says which would."""


class Encryption:
    """encrypt() uses the first key, decrypt() the one that the value names. Without keys encrypt()
    returns the text as it is."""

    def __init__(self, keys: Sequence[bytes] = ()) -> None:
        self.ciphers = {key_id(key): AESGCM(key) for key in keys}
        self.first = key_id(keys[0]) if keys else None

    def encrypt(self, text: str, kind: Kind) -> str:
        if self.first is None:
            return text
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = nonce + self.ciphers[self.first].encrypt(nonce, text.encode(), kind.encode())
        return f"{MARK}{self.first}:{base64.b64encode(sealed).decode()}"

    def decrypt(self, text: str, kind: Kind) -> str:
        """Raises CantDecrypt."""
        if not text.startswith(MARK):
            return text
        name, _, sealed = text.removeprefix(MARK).partition(":")
        if name not in self.ciphers:
            raise CantDecrypt(f"ZEROSUM_SECRET_KEY lacks the key {name}")
        raw = base64.b64decode(sealed)
        try:
            plain = self.ciphers[name].decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], kind.encode())
        except InvalidTag:
            raise CantDecrypt(f"a {kind} was changed since it was encrypted") from None
        return plain.decode()

    def is_current(self, text: str) -> bool:
        """Return whether encrypt() would use the key that this value is encrypted with, if any."""
        return self.first is None or text.startswith(f"{MARK}{self.first}:")


def key_id(key: bytes) -> str:
    """Return what names a key without telling it."""
    return hashlib.sha256(b"zerosum secret key\0" + key).hexdigest()[:16]
