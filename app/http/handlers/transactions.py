"""`POST /v1/credits · debits · transfers · transactions` and `GET /v1/transactions/{id}`."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from app.database.connections import call
from app.errors import Refusal
from app.http import parsing
from app.http.auth import Caller, caller_of
from app.http.paging import list_newest
from app.http.parsing import amount_text, wallet_id
from app.http.read_body import T, read_body
from app.http.request_bodies import Credit, Debit, Details, TransactionRequest, Transfer
from app.http.responses import answer, refused
from app.posting.dry_run import HEADER as DRY_RUN
from app.posting.dry_run import is_dry_run, rehearse
from app.posting.waiting import PostRequest

CREDIT = msgspec.json.Decoder(Credit)
DEBIT = msgspec.json.Decoder(Debit)
TRANSFER = msgspec.json.Decoder(Transfer)
TRANSACTION = msgspec.json.Decoder(TransactionRequest)

Posting = tuple[str, str, str]


async def create_credit(request: Request) -> Response:
    caller, body = await read(request, CREDIT)
    postings = [(wallet_id(body.source), wallet_id(body.wallet), amount_text(body.amount))]
    return await post(request, caller, "credit", body, postings)


async def create_debit(request: Request) -> Response:
    caller, body = await read(request, DEBIT)
    postings = [(wallet_id(body.wallet), wallet_id(body.destination), amount_text(body.amount))]
    return await post(request, caller, "debit", body, postings)


async def create_transfer(request: Request) -> Response:
    caller, body = await read(request, TRANSFER)
    postings = [(wallet_id(body.source), wallet_id(body.destination), amount_text(body.amount))]
    return await post(request, caller, "transfer", body, postings)


async def create_transaction(request: Request) -> Response:
    caller, body = await read(request, TRANSACTION)
    postings = [parsing.posting(p) for p in body.postings]
    return await post(request, caller, "transaction", body, postings)


async def read(request: Request, decoder: msgspec.json.Decoder[T]) -> tuple[Caller, T]:
    caller = caller_of(request)
    return caller, await read_body(request, decoder)


async def post(
    request: Request,
    caller: Caller,
    kind: str,
    body: Details,
    postings: list[Posting],
    options: dict[str, Any] | None = None,
) -> Response:
    """Join the current batch and answer with the outcome. options: what only this kind has, None for not given."""
    state = request.app.state
    headers: dict[str, str] = {}
    made = post_request(caller, kind, body, postings, parsing.idempotency_key(request))
    made.options = parsing.options_text(options or {})
    if is_dry_run(request):
        ((outcome, body_text),) = await rehearse(state.pool, [made])
        headers |= DRY_RUN
    else:
        outcome, body_text = await state.poster.submit(made, gone=request.is_disconnected)
    if outcome == "refused":
        response = refused(request, body_text)
        response.headers.update(headers)
        return response
    if outcome == "replayed":
        headers["Idempotency-Replayed"] = "true"
    return answer(request, body_text, 201, headers)


def post_request(
    caller: Caller, kind: str, body: Details, postings: list[Posting], key: str | None
) -> PostRequest:
    """Raises Refusal."""
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


async def read_transaction(request: Request) -> Response:
    caller = caller_of(request)
    number = parsing.path_number(request)
    rows = await call(request.app.state.pool, "read_transaction", ledger=caller.ledger, id=number)
    if not rows:
        raise Refusal("not_found")
    return answer(request, rows[0]["body"])


async def list_transactions(request: Request) -> Response:
    """Newest first; `after` is the `next` of the page before."""
    return await list_newest(request, "list_transactions")
