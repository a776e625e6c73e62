"""What several commands are given: an API key, a secret of webhooks."""

from __future__ import annotations

import click

from app.host.secret_files import key_file
from app.settings import Settings
from app.webhook_secret import BadSecret, parse_secret


def known_key(settings: Settings) -> str:
    """Return ZEROSUM_API_KEY, or the API key that the embedded database's first start has drawn.
    Raises click.UsageError."""
    if settings.api_key is not None:
        return settings.api_key
    file = key_file(settings)
    if file is None or not file.exists():
        raise click.UsageError("set ZEROSUM_API_KEY to an API key of the server")
    return file.read_text().strip()


def given_secret(text: str) -> bytes:
    """Raises click.BadParameter."""
    try:
        return parse_secret(text)
    except BadSecret as error:
        raise click.BadParameter(str(error), param_hint="--secret") from None
