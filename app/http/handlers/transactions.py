"""`POST /v1/credits · debits · transfers · transactions` and `GET /v1/transactions/{id}`."""

from __future__ import annotations

from starlette.responses import Response

from app.database.connections import call
from app.http import parsing
from app.http.bodies import Credit, Debit, TransactionRequest, Transfer
from app.http.handlers.posting import post
from app.http.paging import list_newest
from app.http.parsing import amount_text, wallet_id
from app.http.query import metadata_filters
from app.http.request import ApiRequest
from app.http.responses import answer, only_body, page


async def create_credit(request: ApiRequest[Credit]) -> Response:
    """Credit a wallet.

    Moves value into it from `@world`, the outside, or from a `source`.
    """
    body = request.body
    posting = (wallet_id(body.source), wallet_id(body.wallet), amount_text(body.amount))
    return await post(request, "credit", [posting])


async def create_debit(request: ApiRequest[Debit]) -> Response:
    """Debit a wallet.

    Moves value out of it to `@world`, the outside, or to a `destination`.
    """
    body = request.body
    posting = (wallet_id(body.wallet), wallet_id(body.destination), amount_text(body.amount))
    return await post(request, "debit", [posting])


async def create_transfer(request: ApiRequest[Transfer]) -> Response:
    """Transfer value between two wallets."""
    body = request.body
    posting = (wallet_id(body.source), wallet_id(body.destination), amount_text(body.amount))
    return await post(request, "transfer", [posting])


async def create_transaction(request: ApiRequest[TransactionRequest]) -> Response:
    """Post a transaction of several postings.

    All of them post or none does.
    """
    postings = [parsing.posting(given) for given in request.body.postings]
    return await post(request, "transaction", postings)


async def read_transaction(request: ApiRequest[None]) -> Response:
    """Read a transaction.

    What its request was answered, and which transactions have reversed it.
    """
    ledger, id_ = request.caller.ledger, request.number()
    rows = await call(request.reads, "read_transaction", ledger=ledger, id=id_)
    return answer(request, only_body(rows))


async def read_transaction_event(request: ApiRequest[None]) -> Response:
    """Read the event of a transaction.

    As webhooks carry it. 404 until it is stamped, a moment after the transaction.
    """
    ledger, id_ = request.caller.ledger, request.number()
    rows = await call(request.reads, "transaction_event", ledger=ledger, id=id_)
    return answer(request, only_body(rows))


async def list_transactions(request: ApiRequest[None]) -> Response:
    """List or search transactions, newest first.

    A search looks at up to 10,000 transactions. Its page may have fewer items than `limit`, or
    none, and still a `next`, with which it goes on.
    """
    limit = request.query["limit"]
    wanted = {name: one for name, one in request.query.items() if name not in {"after", "limit"}}
    if not wanted:
        return await list_newest(request, "list_transactions")
    keys, values = metadata_filters(wanted)
    rows = await call(
        request.reads,
        "search_transactions",
        ledger=request.caller.ledger,
        before=request.query.get("after"),
        max=limit,
        wallet=wanted.get("wallet"),
        kind=wanted.get("kind"),
        reference=wanted.get("reference"),
        key=wanted.get("idempotency_key"),
        since=wanted.get("since"),
        until=wanted.get("until"),
        keys=keys,
        vals=values,
    )
    return page(request, rows, "id")
