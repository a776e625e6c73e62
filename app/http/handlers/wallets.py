"""`/v1/wallets`: create, list, read, change, freeze and close them; list their entries."""

from __future__ import annotations

import json

import msgspec
from starlette.responses import Response

from app.database.connections import call
from app.errors import Refusal
from app.http import parsing
from app.http.bodies import FreezeRequest, Limit, WalletChange, WalletRequest
from app.http.problems import refused
from app.http.query import metadata_filters
from app.http.request import ApiRequest
from app.http.responses import answer, created, only_body, page


async def create_wallet(request: ApiRequest[WalletRequest]) -> Response:
    """Create a wallet.

    201 with the wallet; 200 if the very same request has created it before.
    """
    caller, body = request.caller, request.body
    (row,) = await call(
        request.services.pool,
        "create_wallet",
        ledger=caller.ledger,
        id=None if body.id is None else parsing.wallet_id(body.id),
        asset=parsing.plain_text(body.asset, "unknown_asset"),
        min_balance=parsing.limit_text(body.min_balance),
        max_balance=parsing.limit_text(body.max_balance),
        metadata=parsing.metadata_text(body.metadata) or "{}",
        admin=caller.scope == "admin",
    )
    return created(request, row)


async def change_wallet(request: ApiRequest[WalletChange]) -> Response:
    """Change a wallet's limits or metadata.

    A member that is not given stays. Limits that exclude the balance are refused.
    """
    body = request.body
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
    return await change(request, "change_wallet", changes=f"{{{','.join(changes)}}}")


def limit_json(limit: Limit | msgspec.UnsetType | None) -> str | None:
    """Return the limit as JSON; an empty text for a limit that is not given."""
    return "" if limit is msgspec.UNSET else parsing.limit_text(limit)


async def freeze_wallet(request: ApiRequest[FreezeRequest]) -> Response:
    """Freeze a wallet.

    Until it is unfrozen it gives nothing; it receives only with `credits`.
    """
    return await change(request, "freeze_wallet", credits=request.body.credits)


async def unfreeze_wallet(request: ApiRequest[None]) -> Response:
    """Unfreeze a wallet."""
    return await change(request, "unfreeze_wallet")


async def close_wallet(request: ApiRequest[None]) -> Response:
    """Close a wallet for good.

    Only a wallet that is empty can be closed.
    """
    return await change(request, "close_wallet")


async def change(request: ApiRequest[object], function: str, **given: object) -> Response:
    """Call a function of the wallet in the path. A change that was made before is answered the
    same."""
    wallet = request.text()
    if not parsing.WALLET_ID.fullmatch(wallet):
        raise Refusal("not_found")
    (row,) = await call(
        request.services.pool,
        function,
        ledger=request.caller.ledger,
        id=wallet,
        **given,
        admin=request.caller.scope == "admin",
    )
    if row["outcome"] == "refused":
        if json.loads(row["body"])["code"] == "unknown_wallet":
            raise Refusal("not_found")
        return refused(request.scope, row["body"])
    return answer(request, row["body"])


async def read_wallet(request: ApiRequest[None]) -> Response:
    """Read a wallet."""
    return answer(request, await wallet_body(request))


async def list_wallets(request: ApiRequest[None]) -> Response:
    """List wallets by id.

    `prefix` is that of the id; `asset` and `metadata.KEY=VALUE` select too, among up to 10,000
    wallets a page. Such a page may have fewer items than `limit`, or none, and still a `next`.
    """
    keys, vals = metadata_filters(request.query)
    rows = await call(
        request.reads,
        "list_wallets",
        ledger=request.caller.ledger,
        after=request.query.get("after"),
        max=request.query["limit"],
        prefix=request.query.get("prefix", ""),
        keys=keys,
        vals=vals,
        asset=request.query.get("asset"),
    )
    return page(request, rows, "id")


async def list_entries(request: ApiRequest[None]) -> Response:
    """List a wallet's entries, newest first."""
    await wallet_body(request)
    rows = await call(
        request.reads,
        "list_entries",
        ledger=request.caller.ledger,
        wallet=request.text(),
        before=request.query.get("after"),
        max=request.query["limit"],
    )
    return page(request, rows, "version")


async def wallet_body(request: ApiRequest[None]) -> str:
    """Return the wallet in the path as JSON. Raises Refusal not_found."""
    ledger, wallet = request.caller.ledger, request.text()
    if not parsing.WALLET_ID.fullmatch(wallet):
        raise Refusal("not_found")
    rows = await call(request.reads, "read_wallet", ledger=ledger, id=wallet)
    return only_body(rows)
