"""What all money handlers share: one request joins the current batch, or a dry run, and its outcome
is answered."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from app.http import parsing
from app.http.auth import Caller
from app.http.bodies import Details
from app.http.problems import refused
from app.http.request import ApiRequest
from app.http.responses import answer
from app.posting.dry_run import rehearse
from app.posting.waiting import PostRequest

DRY_RUN = {"Zerosum-Dry-Run": "true"}
REPLAYED = {"Idempotency-Replayed": "true"}

Posting = tuple[str, str, str]


async def post(
    request: ApiRequest[Details],
    kind: str,
    postings: list[Posting],
    options: dict[str, Any] | None = None,
) -> Response:
    """Join the current batch and answer with the outcome. options: what only this kind has; None:
    not given."""
    wanted = post_request(request.caller, kind, request.body, postings, request.key)
    wanted.options = parsing.options_text(options or {})
    headers: dict[str, str] = {}
    if request.dry_run:
        ((outcome, body),) = await rehearse(request.services.pool, [wanted])
        headers |= DRY_RUN
    else:
        outcome, body = await request.services.poster.submit(wanted, gone=request.gone)
    if outcome == "refused":
        response = refused(request.scope, body)
        response.headers.update(headers)
        return response
    if outcome == "replayed":
        headers |= REPLAYED
    return answer(request, body, 201, headers)


def post_request(
    caller: Caller, kind: str, body: Details, postings: list[Posting], key: str | None
) -> PostRequest:
    """Return the request as plain values for SQL. Raises Refusal."""
    return PostRequest(
        ledger=caller.ledger,
        kind=kind,
        postings=postings,
        key=key,
        reference=parsing.plain_text(body.reference, "invalid_reference"),
        description=parsing.plain_text(body.description, "invalid_description"),
        metadata=parsing.metadata_text(body.metadata),
        effective_at=parsing.timestamp(body.effective_at),
        conditions=parsing.conditions_text(body.conditions),
    )
