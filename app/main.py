"""The HTTP application, assembled from data."""

from __future__ import annotations

import asyncpg
from starlette.applications import Starlette
from starlette.routing import Route

from app.health import healthz, readyz


def make_app(pool: asyncpg.Pool) -> Starlette:
    """The app over an open pool; whoever opened it closes it after the app has stopped."""
    app = Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/readyz", readyz),
        ],
    )
    app.state.pool = pool
    return app
