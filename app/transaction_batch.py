"""`POST /v1/transactions/batch`: up to 1,000 transactions in one request, each with its own result."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from app import parsing
from app.batch import PostRequest, Waiting
from app.errors import Refusal, problem_body
from app.responses import answer, refused_body

BATCH = msgspec.json.Decoder(parsing.BatchEnvelope)
ITEM = msgspec.json.Decoder(parsing.BatchItem)
MAX_KEY = 250  # of the batch: /index follows
Item = Waiting | Refusal


async def create_batch(request: Request) -> Response:
    """200 with a result each, in order: 201 and the transaction, or why not. Later ones see earlier ones.

    One without a key of its own has the batch's and its index, `key/0`; with neither, none.
    """
    state = request.app.state
    caller = await state.keys.caller(request, "write")
    body = await parsing.read_body(request, BATCH)
    key = parsing.key_text(request.headers.get("idempotency-key"), MAX_KEY)
    items: list[Item] = []
    for number, raw in enumerate(body.transactions):
        try:
            item = parsing.decode(ITEM, bytes(raw))
            own = parsing.key_text(item.idempotency_key)
            made = post_request(caller.ledger, item, own or (f"{key}/{number}" if key else None))
            items.append(state.group_commit.enqueue(made, request.is_disconnected))
        except Refusal as refusal:
            items.append(refusal)
    results = [await result(item) for item in items]
    return answer(request, f'{{"results":[{",".join(results)}]}}')


def post_request(ledger: int, item: parsing.BatchItem, key: str | None) -> PostRequest:
    """Raises Refusal."""
    return PostRequest(
        ledger=ledger,
        kind="transaction",
        postings=[parsing.posting(p) for p in item.postings],
        key=key,
        reference=parsing.plain_text(item.reference, "invalid_reference"),
        description=parsing.plain_text(item.description, "invalid_description"),
        metadata=parsing.metadata_text(item.metadata),
        effective_at=parsing.timestamp(item.effective_at),
    )


async def result(item: Item) -> str:
    """As JSON. A client that left gets none: the others' outcomes stand all the same."""
    try:
        if isinstance(item, Refusal):
            raise item
        outcome, body = await item.answer
    except Refusal as refusal:
        return failed(problem_body(refusal.code, refusal.facts).decode())
    if outcome == "refused":
        return failed(refused_body(body))
    replayed = "true" if outcome == "replayed" else "false"
    return f'{{"status":201,"replayed":{replayed},"transaction":{body}}}'


def failed(problem: str) -> str:
    status = msgspec.json.decode(problem)["status"]
    return f'{{"status":{status},"error":{problem}}}'
