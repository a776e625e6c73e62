"""What every request passes: the outermost ASGI app.

The money routes are dispatched here by their exact path, past Starlette's router and middleware, which cost as much as
all else that the process does for a transfer; every other request goes on to Starlette. Refusals and failures become
problem bodies in one place for both.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.db import DATABASE_ERRORS, is_broken
from app.errors import Refusal
from app.responses import problem

Handler = Callable[[Request], Awaitable[Response]]

log = logging.getLogger("zerosum")


class Front:
    def __init__(self, app: Starlette, direct: dict[str, Handler]) -> None:
        """direct: handlers of POST requests by path."""
        self.app, self.state, self.direct = app, app.state, direct

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        handler = (
            self.direct.get(scope["path"])
            if scope["type"] == "http" and scope["method"] == "POST"
            else None
        )
        if handler is None:
            await self.app(scope, receive, send)
            return
        scope["app"] = self.app
        request = Request(scope, receive)
        try:
            response = await handler(request)
        except Exception as error:
            response = response_for(request, error)
        await response(scope, receive, send)


def response_for(request: Request, error: Exception) -> Response:
    """The answer to a request that raised this; what is our fault goes to the log."""
    if isinstance(error, Refusal):
        return problem(request, error.code, error.facts)
    if isinstance(error, ClientDisconnect):  # Nobody reads this.
        reason = "The connection closed before the body ended."
        return problem(request, "invalid_body", {"reason": reason})
    if isinstance(error, DATABASE_ERRORS) and (
        # A broken connection, too many of them, a statement cut off: try again.
        is_broken(error) or getattr(error, "sqlstate", "").startswith(("53", "57"))
    ):
        return problem(request, "database_unavailable", {})
    log.error("a request failed", exc_info=error)
    return problem(request, "internal_error", {})
