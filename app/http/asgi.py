"""What every request passes: the outermost ASGI app. It gives each an id, a log line and its place in the metrics.

The money routes are dispatched here by their path, past Starlette's router and middleware, which cost as much as
all else that the process does for a transfer; every other request goes on to Starlette. Refusals and failures become
problem bodies in one place for both.
"""

from __future__ import annotations

import logging
import random
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from app import metrics
from app.database.errors import DATABASE_ERRORS, Failure, NotConnected, failure
from app.errors import Refusal
from app.errors import problem as problem_response
from app.http.parsing import number
from app.http.read_body import MEMORY
from app.http.responses import problem
from app.logs import RequestLog

Handler = Callable[[Request], Awaitable[Response]]
ANSWER_HEADERS = "zerosum.headers"  # In the scope: header fields for the answer, whatever it is.
DIRECT_PATH = "zerosum.path"  # In the scope: which of the direct paths it is.
PLACE = "{id:number}"
NUMBER = re.compile(r"/([0-9]+)/")
KIND = re.compile(r":\w+}")
REQUEST_ID = re.compile(rb"[A-Za-z0-9_.-]{1,64}")

log = logging.getLogger("zerosum")


class Front:
    def __init__(self, app: Starlette, direct: dict[str, Handler], request_log: RequestLog) -> None:
        """direct: handlers of POST requests by path, in which {id:number} may stand for a number."""
        self.app, self.state, self.request_log = app, app.state, request_log
        self.fixed = {path: handler for path, handler in direct.items() if PLACE not in path}
        # By what stands before and after the number.
        self.numbered = {
            (before, after): handler
            for (before, place, after), handler in (
                (path.partition(PLACE), handler) for path, handler in direct.items()
            )
            if place
        }
        self.counters: dict[tuple[str, str, int], tuple[Any, Any]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        request_id = request_id_of(scope)
        status = 500

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message["headers"],
                    *scope.get(ANSWER_HEADERS, ()),
                    (b"x-request-id", request_id.encode()),
                ]
            await send(message)

        try:
            if b"%2f" in scope["raw_path"].lower() or scope["path"].endswith("\n"):
                # Decoded, a slash would be a separator, and wallets/a%2Ffreeze another operation; no id has one. And
                # a regular expression's $, which Starlette routes by, passes over a newline at the end.
                await problem_response("not_found")(scope, receive, send_on)
                return
            handler = self.find_direct(scope) if scope["method"] == "POST" else None
            if handler is None:
                await self.app(scope, receive, send_on)
            else:
                await self.dispatch(handler, scope, receive, send_on)
        finally:
            MEMORY.release(scope)
            self.record(scope, request_id, status, time.perf_counter() - began)

    def find_direct(self, scope: Scope) -> Handler | None:
        path = scope["path"]
        handler = self.fixed.get(path)
        if handler is not None:
            scope[DIRECT_PATH] = path
            scope["path_params"] = {}
            return handler
        digits = NUMBER.search(path)
        if digits is None:
            return None
        before, after = path[: digits.start(1)], path[digits.end(1) :]
        handler = self.numbered.get((before, after))
        if handler is not None:
            scope[DIRECT_PATH] = f"{before}{{id}}{after}"
            scope["path_params"] = {"id": number(digits[1])}
        return handler

    async def dispatch(self, handler: Handler, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self.app
        request = Request(scope, receive)
        try:
            response = await handler(request)
        except Exception as error:
            response = response_for(request, error)
        await response(scope, receive, send)

    def record(self, scope: Scope, request_id: str, status: int, seconds: float) -> None:
        method, path = scope["method"], scope["path"]
        # A route's template, so that ids make no labels of their own.
        route: str = scope.get(DIRECT_PATH) or getattr(scope.get("route"), "path", None) or "other"
        kept = self.counters.get((route, method, status))
        if kept is None:
            label = KIND.sub("}", route)
            kept = (metrics.REQUESTS.labels(label, method, status), metrics.LATENCY.labels(label))
            self.counters[route, method, status] = kept
        kept[0].inc()
        kept[1].observe(seconds)
        self.request_log.add(request_id, method, path, status, seconds)


def request_id_of(scope: Scope) -> str:
    """The client's X-Request-Id if it has a harmless one, else a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and REQUEST_ID.fullmatch(value):
            text: str = value.decode()
            return text
    # Not a secret, and so without a system call.
    return f"{random.getrandbits(64):016x}"


def code_of(error: Exception, method: str) -> str | None:
    """The code for what the database raised outside of the group commit; None: it is a fault of ours."""
    found = failure(error)
    reads = method in {"GET", "HEAD"}
    if found is Failure.LOST and not reads and not isinstance(error, NotConnected):
        return "outcome_unknown"
    if found is Failure.LOCKED:
        return "wallet_busy"
    # The server rolled back, or a read wrote nothing anyway.
    return "database_unavailable" if found is not Failure.FAILED else None


def response_for(request: Request, error: Exception) -> Response:
    """The answer to a request that raised this; what is our fault goes to the log."""
    if isinstance(error, Refusal):
        return problem(request, error.code, error.facts)
    if isinstance(error, ClientDisconnect):  # Nobody reads this.
        reason = "The connection closed before the body ended."
        return problem(request, "invalid_body", {"reason": reason})
    if isinstance(error, DATABASE_ERRORS) and (code := code_of(error, request.method)):
        return problem(request, code, {})
    log.error("a request failed", exc_info=error)
    return problem(request, "internal_error", {})
