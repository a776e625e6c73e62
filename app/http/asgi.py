"""The outermost ASGI app: it gives each request an id, a log line and its place in the metrics.

Money's routes are found here by their path, past Starlette's router and middleware, which take as
long as all else that the process does for a transfer. Middleware that someone adds to Starlette
does not apply to them; what must apply to every route belongs here or in app/http/endpoint.py.
"""

from __future__ import annotations

import random
import re
import time
from typing import Any

from starlette.applications import Starlette
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import metrics
from app.http.headers import ANSWER_HEADERS
from app.http.parsing import number
from app.http.problems import problem
from app.http.read_body import MEMORY
from app.http.services import Services

DIRECT_PATH = "zerosum.path"  # In the scope: the template of the direct path.
PLACE = "{id:number}"
NUMBER = re.compile(r"/([0-9]+)/")
KIND = re.compile(r":\w+}")
REQUEST_ID = re.compile(rb"[A-Za-z0-9_.-]{1,64}")


class App:
    def __init__(self, routed: Starlette, direct: dict[str, ASGIApp], services: Services) -> None:
        """routed: answers what is not direct. direct: POST endpoints by path, with {id:number} for
        a number."""
        self.routed, self.services = routed, services
        self.fixed = {path: endpoint for path, endpoint in direct.items() if PLACE not in path}
        # By what stands before and after the number.
        self.numbered = {
            (before, after): endpoint
            for (before, place, after), endpoint in (
                (path.partition(PLACE), endpoint) for path, endpoint in direct.items()
            )
            if place
        }
        self.counters: dict[tuple[str, str, int], tuple[Any, Any]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.routed(scope, receive, send)
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
                # No id has a slash. Decoded, %2F would become a separator, and wallets/a%2Ffreeze
                # another operation. A newline at the end would pass Starlette's regular
                # expressions, whose $ ignores it.
                await problem(scope, "not_found")(scope, receive, send_on)
                return
            endpoint = self.find_direct(scope) if scope["method"] == "POST" else None
            await (endpoint or self.routed)(scope, receive, send_on)
        finally:
            MEMORY.release(scope)
            self.record(scope, request_id, status, time.perf_counter() - began)

    def find_direct(self, scope: Scope) -> ASGIApp | None:
        path = scope["path"]
        endpoint = self.fixed.get(path)
        if endpoint is not None:
            scope[DIRECT_PATH] = path
            scope["path_params"] = {}
            return endpoint
        digits = NUMBER.search(path)
        if digits is None:
            return None
        before, after = path[: digits.start(1)], path[digits.end(1) :]
        endpoint = self.numbered.get((before, after))
        if endpoint is not None:
            scope[DIRECT_PATH] = f"{before}{{id}}{after}"
            scope["path_params"] = {"id": number(digits[1])}
        return endpoint

    def record(self, scope: Scope, request_id: str, status: int, seconds: float) -> None:
        method, path = scope["method"], scope["path"]
        # The route's template, so that ids make no labels of their own.
        route: str = scope.get(DIRECT_PATH) or getattr(scope.get("route"), "path", None) or "other"
        found = self.counters.get((route, method, status))
        if found is None:
            label = KIND.sub("}", route)
            found = (metrics.REQUESTS.labels(label, method, status), metrics.LATENCY.labels(label))
            self.counters[route, method, status] = found
        found[0].inc()
        found[1].observe(seconds)
        self.services.request_log.add(request_id, method, path, status, seconds)


def request_id_of(scope: Scope) -> str:
    """Return the client's X-Request-Id if it is harmless, else a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and REQUEST_ID.fullmatch(value):
            text: str = value.decode()
            return text
    # It is no secret, so it needs no system call.
    return f"{random.getrandbits(64):016x}"
