"""`POST /v1/transactions/batch`: up to 1,000 transactions in one request, each with its own result."""

from __future__ import annotations

import msgspec
from starlette.responses import Response

from app.errors import Refusal, problem_body
from app.http import parsing
from app.http.auth import Caller
from app.http.bodies import BatchEnvelope, BatchItem
from app.http.handlers.posting import DRY_RUN, REPLAYED, post_request
from app.http.problems import problem, refused, refused_body
from app.http.read_body import decode
from app.http.request import ApiRequest
from app.http.responses import answer
from app.posting.dry_run import rehearse
from app.posting.group_commit import MAX_POSTINGS
from app.posting.waiting import Answer, PostRequest, Waiting

ITEM = msgspec.json.Decoder(BatchItem)
# Room for as many transactions as a batch may have, with the largest metadata, reference and
# description, however they are spelled: 1,000 of 33 KB each.
BODY_LIMIT = 32 * 1024 * 1024
LONGEST_KEY = 250  # of the batch: /index follows
Item = Waiting | Refusal


async def create_batch(request: ApiRequest[BatchEnvelope]) -> Response:
    """Post up to 1,000 transactions in one request.

    200 with one result each, in their order: 201 and the transaction, or the problem. Later
    transactions see what earlier ones did. In mode `atomic` all post or none does, and the answer
    is the problem of the transaction at `index`. A transaction without a key of its own has the
    batch's key and its index, `key/0`.
    """
    atomic = request.body.mode == "atomic"
    items: list[PostRequest | Refusal] = []
    for number, raw in enumerate(request.body.transactions):
        key = f"{request.key}/{number}" if request.key else None
        try:
            items.append(read_item(request.caller, raw, key, atomic))
        except Refusal as refusal:
            items.append(refusal)
    if atomic:
        return await post_together(request, items)
    if request.dry_run:
        return await rehearse_apart(request, items)
    sent = [send(request, item) for item in items]
    return answer(request, results_json([await result(one) for one in sent]))


def read_item(caller: Caller, raw: msgspec.Raw, key: str | None, atomic: bool) -> PostRequest:
    """Return one item of a batch. key: its key if it has none of its own. Raises Refusal."""
    item = decode(ITEM, bytes(raw))
    own = parsing.key_text(item.idempotency_key)
    if own is not None and atomic:
        raise Refusal(
            "invalid_key", reason="In an atomic batch each has the key of the batch and its index."
        )
    postings = [parsing.posting(given) for given in item.postings]
    return post_request(caller, "transaction", item, postings, key if own is None else own)


async def rehearse_apart(
    request: ApiRequest[BatchEnvelope], items: list[PostRequest | Refusal]
) -> Response:
    """Answer a dry run of an independent batch. Raises Refusal."""
    requests = [item for item in items if isinstance(item, PostRequest)]
    refuse_many_postings(requests)  # They would keep their wallets locked meanwhile.
    answers = iter(await rehearse(request.services.pool, requests))
    results = [
        refusal_json(item) if isinstance(item, Refusal) else answer_json(next(answers))
        for item in items
    ]
    return answer(request, results_json(results), headers=DRY_RUN)


async def post_together(
    request: ApiRequest[BatchEnvelope], items: list[PostRequest | Refusal]
) -> Response:
    """Answer an atomic batch. Raises Refusal."""
    services = request.services
    requests: list[PostRequest] = []
    for index, one in enumerate(items):
        if isinstance(one, Refusal):
            return problem(request.scope, one.code, {"index": index, **one.facts})
        requests.append(one)
    refuse_many_postings(requests)
    headers: dict[str, str] = {}
    if request.dry_run:
        answers = await rehearse(services.pool, requests, atomic=True)
        headers |= DRY_RUN
    else:
        waiting = services.group_commit.enqueue(requests, request.gone, atomic=True)
        answers = await waiting.answer
    for index, (outcome, body) in enumerate(answers):
        if outcome == "refused":
            response = refused(request.scope, body, index=index)
            response.headers.update(headers)
            return response
    if answers[0][0] == "replayed":
        headers |= REPLAYED
    results = results_json([answer_json(one) for one in answers])
    return answer(request, results, headers=headers)


def refuse_many_postings(requests: list[PostRequest]) -> None:
    """Raise Refusal for more postings than one transaction of the database should decide."""
    if sum(len(one.postings) for one in requests) > MAX_POSTINGS:
        raise Refusal("batch_too_large", limit=MAX_POSTINGS)


def send(request: ApiRequest[BatchEnvelope], item: PostRequest | Refusal) -> Item:
    if isinstance(item, Refusal):
        return item
    try:
        return request.services.group_commit.enqueue([item], request.gone)
    except Refusal as refusal:
        return refusal


async def result(item: Item) -> str:
    """Return the result as JSON. A client that left gets none; the outcomes stand all the same."""
    try:
        return (
            refusal_json(item) if isinstance(item, Refusal) else answer_json((await item.answer)[0])
        )
    except Refusal as refusal:
        return refusal_json(refusal)


def answer_json(answered: Answer) -> str:
    outcome, body = answered
    if outcome == "refused":
        return failed(refused_body(body))
    replayed = "true" if outcome == "replayed" else "false"
    return f'{{"status":201,"replayed":{replayed},"transaction":{body}}}'


def refusal_json(refusal: Refusal) -> str:
    return failed(problem_body(refusal.code, refusal.facts).decode())


def failed(problem: str) -> str:
    status = msgspec.json.decode(problem)["status"]
    return f'{{"status":{status},"error":{problem}}}'


def results_json(results: list[str]) -> str:
    return f'{{"results":[{",".join(results)}]}}'
