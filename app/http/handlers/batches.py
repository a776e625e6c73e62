"""`POST /v1/transactions/batch`: up to 1,000 transactions in one request, each with its own result."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from app.errors import Refusal, problem_body
from app.http import parsing, request_bodies
from app.http.auth import Caller, caller_of
from app.http.handlers.transactions import post_request
from app.http.headers import field
from app.http.read_body import decode, read_body
from app.http.responses import answer, problem, refused, refused_body
from app.posting.dry_run import HEADER as DRY_RUN
from app.posting.dry_run import is_dry_run, rehearse
from app.posting.group_commit import MAX_POSTINGS, GroupCommit
from app.posting.waiting import Answer, PostRequest, Waiting

BATCH = msgspec.json.Decoder(request_bodies.BatchEnvelope)
ITEM = msgspec.json.Decoder(request_bodies.BatchItem)
# As many as one batch may have, with metadata, reference and description as long as they may be, however they are
# spelled: 1,000 of 33 KB each.
BODY_LIMIT = 32 * 1024 * 1024
MAX_KEY = 250  # of the batch: /index follows
Item = Waiting | Refusal


async def create_batch(request: Request) -> Response:
    """200 with a result each, in order: 201 and the transaction, or why not. Later ones see earlier ones.

    In mode atomic all post, or none, and the answer is the problem of the one at `index`. One without a key of its own
    has the batch's and its index, `key/0`; with neither, none.
    """
    state = request.app.state
    caller = caller_of(request)
    body = await read_body(request, BATCH, BODY_LIMIT)
    key = parsing.key_text(field(request, b"idempotency-key"), MAX_KEY)
    atomic = body.mode == "atomic"
    made: list[PostRequest | Refusal] = []
    for number, raw in enumerate(body.transactions):
        try:
            made.append(read_item(caller, raw, f"{key}/{number}" if key else None, atomic))
        except Refusal as refusal:
            made.append(refusal)
    if atomic:
        return await post_together(request, made)
    if is_dry_run(request):
        requests = [one for one in made if isinstance(one, PostRequest)]
        refuse_many_postings(requests)  # They would keep their wallets locked for all that time.
        answers = iter(await rehearse(state.pool, requests))
        results = [
            refusal_json(m) if isinstance(m, Refusal) else answer_json(next(answers)) for m in made
        ]
        return answer(request, results_json(results), headers=DRY_RUN)
    sent = [send(state.group_commit, m, request) for m in made]
    return answer(request, results_json([await result(one) for one in sent]))


def read_item(caller: Caller, raw: msgspec.Raw, key: str | None, atomic: bool) -> PostRequest:
    """key: what it has without one of its own. Raises Refusal."""
    item = decode(ITEM, bytes(raw))
    own = parsing.key_text(item.idempotency_key)
    if own is not None and atomic:
        raise Refusal(
            "invalid_key", reason="In an atomic batch each has the key of the batch and its index."
        )
    postings = [parsing.posting(given) for given in item.postings]
    return post_request(caller, "transaction", item, postings, key if own is None else own)


async def post_together(request: Request, made: list[PostRequest | Refusal]) -> Response:
    """The answer to an atomic batch. Raises Refusal."""
    state = request.app.state
    requests: list[PostRequest] = []
    for index, one in enumerate(made):
        if isinstance(one, Refusal):
            return problem(request, one.code, {"index": index, **one.facts})
        requests.append(one)
    refuse_many_postings(requests)
    headers: dict[str, str] = {}
    if is_dry_run(request):
        answers = await rehearse(state.pool, requests, atomic=True)
        headers |= DRY_RUN
    else:
        waiting = state.group_commit.enqueue(requests, request.is_disconnected, atomic=True)
        answers = await waiting.answer
    for index, (outcome, body) in enumerate(answers):
        if outcome == "refused":
            response = refused(request, body, index=index)
            response.headers.update(headers)
            return response
    if answers[0][0] == "replayed":
        headers["Idempotency-Replayed"] = "true"
    results = results_json([answer_json(one) for one in answers])
    return answer(request, results, headers=headers)


def refuse_many_postings(requests: list[PostRequest]) -> None:
    """Raises Refusal for more than one transaction of the database should decide."""
    if sum(len(one.postings) for one in requests) > MAX_POSTINGS:
        raise Refusal("batch_too_large", limit=MAX_POSTINGS)


def send(group_commit: GroupCommit, made: PostRequest | Refusal, request: Request) -> Item:
    try:
        return (
            made
            if isinstance(made, Refusal)
            else group_commit.enqueue([made], request.is_disconnected)
        )
    except Refusal as refusal:
        return refusal


async def result(item: Item) -> str:
    """As JSON. A client that left gets none: the others' outcomes stand all the same."""
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
