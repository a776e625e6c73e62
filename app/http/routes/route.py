"""What a route says of its requests, the parameters that several routes take, and shorthands."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from starlette.responses import Response

from app.http import answers, bodies
from app.http.read_body import BODY_LIMIT
from app.http.request import ApiRequest

Handler = Callable[[ApiRequest[Any]], Awaitable[Response]]
Scope = Literal["read", "write", "admin"]
Schemas = dict[str, dict[str, Any]]
PLACE = re.compile(r"{(\w+)(:number|:path)?}")  # in a path


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """What a request needs, and what it is answered. Its handler gets it once all of that was
    checked.

    handler: its name is the operation's id, the first line of its docstring the summary.
    answers: the body of each status of success.
    scope: what the API key must allow; None: no key is looked at.
    open: the route may be asked without a key too, and with any query.
    body: the body's type as documented. reads: the type as decoded, where that is another one.
    body_limit: in bytes.
    query: the JSON schema of each parameter. required: those that must be given.
    filters: metadata.KEY=VALUE may be given.
    keyed: the route takes an Idempotency-Key of at most longest_key characters.
    resumable: the route takes a Last-Event-ID.
    from_event: the request names an event to begin with, which may be purged.
    """

    method: str
    path: str
    handler: Handler
    answers: dict[int, Any]
    scope: Scope | None
    open: bool = False
    body: type | None = None
    reads: type | None = None
    body_limit: int = BODY_LIMIT
    query: Schemas = field(default_factory=dict)
    required: tuple[str, ...] = ()
    filters: bool = False
    keyed: bool = False
    resumable: bool = False
    from_event: bool = False
    longest_key: int = 255


LIMIT: Schemas = {"limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}}
NUMBER: dict[str, Any] = {"type": "integer", "minimum": 1, "maximum": bodies.MAX_ID}
FROM_ZERO: dict[str, Any] = {**NUMBER, "minimum": 0}
NEWEST_FIRST: Schemas = {**LIMIT, "after": NUMBER}
MOMENT: dict[str, Any] = {"type": "string", "format": "date-time"}
SEARCH: Schemas = {
    **NEWEST_FIRST,
    "wallet": {
        "type": "string",
        "pattern": bodies.WALLET_ID,
        "description": "Only transactions that moved value of this wallet.",
    },
    "kind": {
        "type": "string",
        "enum": bodies.KINDS[1:],
        "description": "Only transactions of this kind.",
    },
    "reference": {"type": "string", "pattern": r"^[\s\S]{1,1024}$"},
    "idempotency_key": {"type": "string", "pattern": "^[ -~]{1,255}$"},
    "since": MOMENT,
    "until": MOMENT,
}
ASCENDING: Schemas = {**LIMIT, "after": {**FROM_ZERO, "default": 0}}
BY_WALLET: Schemas = {
    **LIMIT,
    "after": {"type": "string", "pattern": bodies.WALLET_ID},
    "prefix": {"type": "string", "pattern": "^[A-Za-z0-9_.:@-]{0,128}$"},
    "asset": {"type": "string", "pattern": "^[A-Za-z0-9_.-]{1,32}$"},
}
BY_NAME: Schemas = {**LIMIT, "after": {"type": "string", "pattern": "^[A-Za-z0-9_.-]{1,128}$"}}
BY_CODE: Schemas = {**LIMIT, "after": {"type": "string", "pattern": "^[A-Za-z0-9_.-]{1,32}$"}}
DELIVERIES: Schemas = {
    **NEWEST_FIRST,
    "status": {"type": "string", "enum": ["pending", "delivered", "dead", "dismissed"]},
}
WANTED: Schemas = {
    "types": {"type": "string", "pattern": "^[a-z0-9_.*,]{1,2112}$", "default": "*"},
    "wallet": {"type": "string", "pattern": "^[A-Za-z0-9_.:@*,-]{1,4160}$", "default": "*"},
    "kind": {"type": "string", "pattern": "^[a-z*,]{1,352}$", "default": "*"},
}
FROM: Schemas = {"after": ASCENDING["after"], **WANTED}
FEED: Schemas = {
    **ASCENDING,
    **WANTED,
    "wait": {"type": "integer", "minimum": 0, "maximum": 20, "default": 0},
}
DRY_RUN: Schemas = {"dry_run": {"type": "boolean"}}


def get(path: str, handler: Handler, answer: Any, scope: Scope = "read", **more: Any) -> Route:
    return Route(
        method="GET", path=path, handler=handler, answers={200: answer}, scope=scope, **more
    )


def post(
    path: str,
    handler: Handler,
    answers: dict[int, Any],
    scope: Scope,
    body: type | None = None,
    **more: Any,
) -> Route:
    return Route(
        method="POST", path=path, handler=handler, answers=answers, scope=scope, body=body, **more
    )


def delete(path: str, handler: Handler) -> Route:
    return Route(method="DELETE", path=path, handler=handler, answers={204: None}, scope="admin")


def money(path: str, handler: Handler, body: type, answer: Any = answers.Transaction) -> Route:
    """Return the route of a request that moves or holds value: it takes an Idempotency-Key and a
    dry run."""
    return Route(
        method="POST",
        path=path,
        handler=handler,
        answers={201: answer},
        scope="write",
        body=body,
        query=DRY_RUN,
        keyed=True,
    )
