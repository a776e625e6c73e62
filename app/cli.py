"""The command `zerosum`, for people at a terminal and for process managers."""

from __future__ import annotations

import os
import sys

import click

from app.embedded import EmbeddedError
from app.migrate import EditedMigration
from app.settings import BadSetting, read_settings


@click.group()
def cli() -> None:
    """A wallet engine in one Postgres."""


@cli.command()
def serve() -> None:
    """Serve the HTTP API until SIGTERM or Ctrl-C."""
    from app.serve import serve

    serve(read_settings(os.environ))


def main() -> None:
    try:
        cli()
    except (BadSetting, EmbeddedError, EditedMigration) as error:
        print(f"zerosum: {error}", file=sys.stderr)
        sys.exit(2)
