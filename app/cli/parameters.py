"""What several commands are given: an API key, a secret of webhooks."""

from __future__ import annotations

import click

from app.host.secret_files import known_key
from app.settings import Settings
from app.webhook_secret import BadSecret, parse_secret


def server_key(settings: Settings) -> str:
    """Return the API key of the server. Raises click.UsageError if it is not known here."""
    key = known_key(settings)
    if key is None:
        raise click.UsageError("set ZEROSUM_API_KEY to an API key of the server")
    return key


def given_secret(text: str) -> bytes:
    """Raises click.BadParameter."""
    try:
        return parse_secret(text)
    except BadSecret as error:
        raise click.BadParameter(str(error), param_hint="--secret") from None
