"""A request as its handler receives it: every check that its route declares has passed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from starlette.requests import Request
from starlette.types import Receive, Scope

from app.database.connections import Fetches
from app.errors import Refusal
from app.http.auth import Caller
from app.http.bodies import MAX_ID
from app.http.services import Services

Body = TypeVar("Body", covariant=True)


@dataclass(slots=True)
class ApiRequest(Generic[Body]):
    """caller: whose API key the request carries; NOBODY where the route may be asked without one.
    body: of the type that the route declares, None where it declares none. query: the parameters
    by name, as their schemas' types, with defaults filled in. key: the Idempotency-Key.
    reads_from: None: the primary. scope, receive: ASGI's."""

    scope: Scope
    receive: Receive
    services: Services
    caller: Caller
    body: Body
    query: dict[str, Any]
    key: str | None
    reads_from: Fetches | None = None

    @property
    def reads(self) -> Fetches:
        """What a request that only reads is answered from: a standby, or the primary."""
        return self.reads_from or self.services.pool

    @property
    def dry_run(self) -> bool:
        return bool(self.query.get("dry_run"))

    def text(self, name: str = "id") -> str:
        """Return a segment of the path."""
        given: str = self.scope["path_params"][name]
        return given

    def number(self, name: str = "id", missing: str = "not_found") -> int:
        """Return a number in the path. Raises Refusal with the code `missing` for one that no id
        can be."""
        given: int = self.scope["path_params"][name]
        if not 0 < given <= MAX_ID:
            raise Refusal(missing)
        return given

    async def gone(self) -> bool:
        """Return whether the client has left."""
        return await Request(self.scope, self.receive).is_disconnected()
