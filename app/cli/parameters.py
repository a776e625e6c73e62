"""What several commands are given: an API key, a secret of webhooks."""

from __future__ import annotations

import base64
import binascii

import click

from app.host.secret_files import key_file
from app.settings import Settings

PREFIX = "whsec_"
SECRET_LENGTHS = range(24, 65)  # bytes, by Standard Webhooks


def known_key(settings: Settings) -> str:
    """Return ZEROSUM_API_KEY, or the API key that the embedded database's first start has drawn.
    Raises click.UsageError."""
    if settings.api_key is not None:
        return settings.api_key
    file = key_file(settings)
    if file is None or not file.exists():
        raise click.UsageError("set ZEROSUM_API_KEY to an API key of the server")
    return file.read_text().strip()


def parse_secret(text: str) -> bytes:
    """Return the bytes behind whsec_. Raises click.BadParameter."""
    try:
        secret = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if not text.startswith(PREFIX) or len(secret) not in SECRET_LENGTHS:
        raise click.BadParameter(
            "a secret is whsec_ and 24 to 64 bytes in base64", param_hint="--secret"
        )
    return secret
