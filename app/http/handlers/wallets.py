"""`/v1/wallets`: made, listed, read, changed, frozen, closed; their entries."""

from __future__ import annotations

import json

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from app.database.connections import call
from app.errors import Refusal
from app.http import parsing, request_bodies
from app.http.auth import Caller, caller_of
from app.http.query import metadata_filters, query
from app.http.read_body import read_body
from app.http.responses import answer, page, refused

CHANGE = msgspec.json.Decoder(request_bodies.WalletChange)
FREEZE = msgspec.json.Decoder(request_bodies.FreezeRequest)
WALLET = msgspec.json.Decoder(request_bodies.WalletRequest)
STATUSES = {"created": 201, "exists": 200}


async def create_wallet(request: Request) -> Response:
    """201 the wallet; 200 when the very same request has made it before."""
    state = request.app.state
    caller = caller_of(request)
    body = await read_body(request, WALLET)
    (row,) = await call(
        state.pool,
        "create_wallet",
        ledger=caller.ledger,
        id=None if body.id is None else parsing.wallet_id(body.id),
        asset=parsing.plain_text(body.asset, "unknown_asset"),
        min_balance=parsing.limit_text(body.min_balance),
        max_balance=parsing.limit_text(body.max_balance),
        metadata=parsing.metadata_text(body.metadata) or "{}",
        admin=caller.scope == "admin",
    )
    if row["outcome"] == "refused":
        return refused(request, row["body"])
    return answer(request, row["body"], STATUSES[row["outcome"]])


async def change_wallet(request: Request) -> Response:
    """New limits or metadata; what is not given stays. Limits that the balance is outside of are refused."""
    caller = caller_of(request)
    body = await read_body(request, CHANGE)
    changes = [
        f'"{name}":{"null" if text is None else text}'
        for name, text in (
            ("min_balance", limit_json(body.min_balance)),
            ("max_balance", limit_json(body.max_balance)),
        )
        if text != ""
    ]
    if body.metadata is not msgspec.UNSET:
        changes.append(f'"metadata":{parsing.metadata_text(body.metadata)}')
    return await change(request, caller, "change_wallet", changes=f"{{{','.join(changes)}}}")


def limit_json(limit: request_bodies.Limit | msgspec.UnsetType | None) -> str | None:
    """The empty text for one that is not given."""
    return "" if limit is msgspec.UNSET else parsing.limit_text(limit)


async def freeze_wallet(request: Request) -> Response:
    """It gives nothing until it is unfrozen; it receives only with `credits`."""
    caller = caller_of(request)
    body = await read_body(request, FREEZE)
    return await change(request, caller, "freeze_wallet", credits=body.credits)


async def unfreeze_wallet(request: Request) -> Response:
    """Open again."""
    caller = caller_of(request)
    return await change(request, caller, "unfreeze_wallet")


async def close_wallet(request: Request) -> Response:
    """For ever; only when it holds nothing."""
    caller = caller_of(request)
    return await change(request, caller, "close_wallet")


async def change(request: Request, caller: Caller, function: str, **given: object) -> Response:
    """Call a function of one wallet, the one in the path. What was changed already is answered the same."""
    wallet = request.path_params["id"]
    if not parsing.WALLET_ID.fullmatch(wallet):
        raise Refusal("not_found")
    (row,) = await call(
        request.app.state.pool,
        function,
        ledger=caller.ledger,
        id=wallet,
        **given,
        admin=caller.scope == "admin",
    )
    if row["outcome"] == "refused":
        if json.loads(row["body"])["code"] == "unknown_wallet":
            raise Refusal("not_found")
        return refused(request, row["body"])
    return answer(request, row["body"])


async def read_wallet(request: Request) -> Response:
    caller = caller_of(request)
    return answer(request, await wallet_body(request, caller.ledger))


async def list_wallets(request: Request) -> Response:
    """By id; `?prefix=` of the id, `?metadata.KEY=VALUE`."""
    state = request.app.state
    caller = caller_of(request)
    asked = query(request)
    limit: int = asked["limit"]
    keys, vals = metadata_filters(request)
    rows = await call(
        state.pool,
        "list_wallets",
        ledger=caller.ledger,
        after=asked.get("after"),
        max=limit,
        prefix=asked.get("prefix", ""),
        keys=keys,
        vals=vals,
    )
    return page(request, rows, limit, "id")


async def list_entries(request: Request) -> Response:
    """Newest first; `after` is the `next` of the page before."""
    state = request.app.state
    caller = caller_of(request)
    asked = query(request)
    limit: int = asked["limit"]
    await wallet_body(request, caller.ledger)
    rows = await call(
        state.pool,
        "list_entries",
        ledger=caller.ledger,
        wallet=request.path_params["id"],
        before=asked.get("after"),
        max=limit,
    )
    return page(request, rows, limit, "version")


async def wallet_body(request: Request, ledger: int) -> str:
    wallet = request.path_params["id"]
    rows = (
        await call(request.app.state.pool, "read_wallet", ledger=ledger, id=wallet)
        if parsing.WALLET_ID.fullmatch(wallet)
        else []
    )
    if not rows:
        raise Refusal("not_found")
    body: str = rows[0]["body"]
    return body
