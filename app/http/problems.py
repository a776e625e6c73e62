"""Problem bodies (RFC 9457) as responses: for refusals, for errors of the database and for faults
of ours."""

from __future__ import annotations

import json
import logging
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Scope

from app.amounts import AMOUNTS
from app.database.errors import (
    DATABASE_ERRORS,
    PLACES,
    Failure,
    NotConnected,
    failure,
    is_no_place,
)
from app.errors import CODES, Refusal, problem_body
from app.http.headers import wants_strings

log = logging.getLogger("zerosum")


def problem(scope: Scope, code: str, facts: dict[str, Any] | None = None) -> Response:
    """Return the response for a code and its facts, with amounts spelled as the request asks.

    A 503, a request in progress and a leased page carry Retry-After, a 401 WWW-Authenticate.
    """
    facts = facts or {}
    if facts and wants_strings(scope):
        facts = {
            name: str(value) if name in AMOUNTS and isinstance(value, int) else value
            for name, value in facts.items()
        }
    status = CODES[code].status
    headers = {503: {"Retry-After": "1"}, 401: {"WWW-Authenticate": "Bearer"}}.get(status)
    if code in {"request_in_progress", "consumer_leased"}:
        headers = {"Retry-After": "1"}
    return Response(problem_body(code, facts), status, headers, "application/problem+json")


def refused(scope: Scope, body: str, **more: Any) -> Response:
    """Return the response for a refusal as SQL spells it: an object of its code and facts. more:
    further facts."""
    facts = json.loads(body)
    return problem(scope, facts.pop("code"), {**more, **facts})


def refused_body(body: str) -> str:
    """Return the problem body of a refusal as SQL spells it, with amounts as integers."""
    facts = json.loads(body)
    return problem_body(facts.pop("code"), facts).decode()


def response_for(scope: Scope, error: Exception) -> Response:
    """Return the answer to a request that raised this error. A fault of ours goes to the log."""
    if isinstance(error, Refusal):
        return problem(scope, error.code, error.facts)
    if isinstance(error, HTTPException):  # The router's: the path or the method is unknown.
        response = problem(scope, "method_not_allowed" if error.status_code == 405 else "not_found")
        response.headers.update(error.headers or {})
        return response
    if isinstance(error, ClientDisconnect):  # Nobody reads this answer.
        reason = "The connection closed before the body ended."
        return problem(scope, "invalid_body", {"reason": reason})
    if is_no_place(error):
        return problem(scope, PLACES[error.sqlstate], json.loads(error.detail or "{}"))
    if isinstance(error, DATABASE_ERRORS) and (code := code_of(error, scope["method"])):
        return problem(scope, code)
    log.error("a request failed", exc_info=error)
    return problem(scope, "internal_error")


def code_of(error: Exception, method: str) -> str | None:
    """Return the code for an error of the database outside of the group commit; None: it is a fault
    of ours."""
    found = failure(error)
    reads = method in {"GET", "HEAD"}
    if found is Failure.LOST and not reads and not isinstance(error, NotConnected):
        return "outcome_unknown"
    if found is Failure.LOCKED:
        return "wallet_busy"
    # The server rolled back, or a read wrote nothing anyway.
    return "database_unavailable" if found is not Failure.FAILED else None
