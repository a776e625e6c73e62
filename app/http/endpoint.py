"""The steps of every request to a route, whichever way it was routed.

The request is checked as its route declares: header fields, API key, query, body, Idempotency-Key.
Whatever can be refused is refused here, or by the handler, before anything is sent to Postgres. A
later refusal would speak of money that has moved, or hide a key that was created.
"""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.database.connections import call
from app.database.errors import DATABASE_ERRORS
from app.database.replicas import position_of
from app.http.auth import NOBODY, Caller
from app.http.headers import LATEST, field, read_fields
from app.http.parsing import key_text
from app.http.problems import response_for
from app.http.query import read_query
from app.http.read_body import read_body
from app.http.request import ApiRequest
from app.http.routes import Route
from app.http.services import Services


class Endpoint:
    """An ASGI app that answers the requests of one route."""

    def __init__(self, route: Route, services: Services) -> None:
        self.route, self.services = route, services
        self.decoder: msgspec.json.Decoder[Any] | None = None
        if route.body is not None:
            self.decoder = msgspec.json.Decoder(route.reads or route.body)
        self.no_query = read_query(b"", route.query) if not route.required else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            response = await self.answer(scope, receive)
        except Exception as error:
            response = response_for(scope, error)
        await response(scope, receive, send)

    async def answer(self, scope: Scope, receive: Receive) -> Response:
        """Check the request and call its handler. Raises Refusal, what the database's driver
        raises, and ClientDisconnect."""
        route = self.route
        if route.scope is not None:
            read_fields(scope)
        caller = NOBODY
        if route.scope is not None and not (route.open and field(scope, b"authorization") is None):
            caller = await self.services.keys.admit(scope, route.scope)
        return await self.answer_to(caller, scope, receive)

    async def answer_to(self, caller: Caller, scope: Scope, receive: Receive) -> Response:
        """As answer(), to a caller who was admitted. The header fields were read."""
        route = self.route
        query = self.read_query(scope["query_string"])
        body = None
        if self.decoder is not None:
            body = await read_body(scope, receive, self.decoder, route.body_limit)
        key = None
        if route.keyed:
            key = key_text(field(scope, b"idempotency-key"), route.longest_key)
        request = ApiRequest(scope, receive, self.services, caller, body, query, key)
        position = field(scope, b"zerosum-position")
        if route.method != "GET":
            response = await route.handler(request)
            if position is not None and response.status_code < 400:
                await self.tell_position(response)
            return response
        if self.services.replicas is not None and position != LATEST:
            seen = position_of(position) if position is not None else 0
            request.reads_from = await self.services.replicas.reads(seen)
        return await route.handler(request)

    async def tell_position(self, response: Response) -> None:
        """Put the position into the answer of a write that asks for it: what it wrote lies below.
        Without it, if the database can't say it any more."""
        try:
            ((position, _),) = await call(self.services.pool, "wal_position")
        except DATABASE_ERRORS:
            return
        response.headers["Zerosum-Position"] = position

    def read_query(self, raw: bytes) -> dict[str, object]:
        """Return the query's parameters. Raises Refusal. Machines that probe an open route may add
        any query."""
        route = self.route
        if route.scope is None or route.open or (not raw and self.no_query is not None):
            return self.no_query or {}
        return read_query(raw, route.query, route.required, route.filters)
