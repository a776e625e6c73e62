"""The API as the console calls it: the same endpoints, with the same checks, in this process."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.types import Message, Receive, Scope

from app.console.sessions import Session
from app.http.auth import demand
from app.http.endpoint import Endpoint
from app.http.headers import LATEST, read_fields
from app.http.problems import response_for
from app.http.routes import ROUTES
from app.http.services import Services


class Refused(Exception):
    """The API refused a request. problem: its body."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(problem.get("title", ""))
        self.status, self.problem = status, problem


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of success. body: JSON as Python reads it, or text. text: as it came."""

    status: int
    body: Any
    text: str


async def nothing_more() -> Message:
    return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]


class ConsoleApi:
    """call() an operation of the API by its name, which is its handler's."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.endpoints = {route.handler.__name__: Endpoint(route, services) for route in ROUTES}

    async def call(
        self,
        session: Session,
        operation: str,
        path: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        key: str | None = None,
        receive: Receive = nothing_more,
    ) -> Answer:
        """Return the answer. path: the path's parameters. query: None is left out. body: as JSON.
        key: the Idempotency-Key. receive: tells when the person has left. Raises Refused."""
        endpoint = self.endpoints[operation]
        route = endpoint.route
        given = {name: value for name, value in (query or {}).items() if value is not None}
        sent = json.dumps(body if body is not None else {}).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(sent)),
            # A page that follows a form shows what the form has done.
            (b"zerosum-position", LATEST.encode()),
        ]
        if key is not None:
            headers.append((b"idempotency-key", key.encode()))
        scope: Scope = {
            "type": "http",
            "method": route.method,
            "path": route.path,
            "path_params": dict(path or {}),
            "query_string": urlencode(given).encode(),
            "headers": headers,
        }
        parts: list[Message] = [{"type": "http.request", "body": sent, "more_body": False}]

        async def receive_all() -> Message:
            return parts.pop() if parts else await receive()

        try:
            read_fields(scope)
            await self.services.keys.count(scope, session.key_hash)
            if route.scope is not None:
                demand(session.caller, route.scope)
            response = await endpoint.answer_to(session.caller, scope, receive_all)
        except Exception as error:
            response = response_for(scope, error)
        raw = bytes(response.body)
        if response.status_code >= 400:
            raise Refused(response.status_code, json.loads(raw))
        text = raw.decode(errors="replace")
        is_json = (response.media_type or "").endswith("json")
        return Answer(response.status_code, json.loads(raw) if is_json else text, text)
