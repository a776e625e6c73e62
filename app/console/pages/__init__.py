"""The pages of the console by trade. Each module has its PAGES: method, path and handler."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.responses import Response

from app.console.pages import (
    assets,
    consumers,
    events,
    holds,
    keys,
    move,
    overview,
    proof,
    sinks,
    transactions,
    wallets,
    webhooks,
)
from app.console.view import View

PAGES: list[tuple[str, str, Callable[[View], Awaitable[Response]]]] = [
    *overview.PAGES,
    *move.PAGES,
    *wallets.PAGES,
    *transactions.PAGES,
    *holds.PAGES,
    *events.PAGES,
    *proof.PAGES,
    *webhooks.PAGES,
    *consumers.PAGES,
    *sinks.PAGES,
    *assets.PAGES,
    *keys.PAGES,
]
