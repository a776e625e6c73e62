"""Move money: a form for each kind of transaction, with a dry run before it is posted.

The form carries an Idempotency-Key from the moment it is shown, so a double click, a reload or the
way back in the browser posts once.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.responses import Response

from app.console.api import Refused
from app.console.flow import flow_of
from app.console.spelling import BadInput, read_amount, read_metadata
from app.console.view import View, see, status_of, told

KINDS = ("credit", "debit", "transfer", "hold", "transaction")
LEGS = 5


async def form(view: View) -> Response:
    kind = view.query("kind", "transfer")
    typed = {
        name: view.query(name) for name in ("source", "destination", "wallet") if view.query(name)
    }
    return show(view, kind if kind in KINDS else "transfer", typed=typed)


def show(view: View, kind: str, status: int = 200, **more: Any) -> Response:
    given = {"key": f"console-{secrets.token_urlsafe(16)}", "preview": None, **more}
    return view.page("move.html", status, kind=kind, kinds=KINDS, legs=LEGS, **given)


async def send(view: View) -> Response:
    """Show what the transaction would do, or post it."""
    kind, key = view.text("kind"), view.text("idempotency_key")
    if kind not in KINDS:
        kind = "transfer"
    typed = dict(view.form)
    try:
        body = await body_of(view, kind)
        made = await view.move(f"create_{kind}", body)
    except (Refused, BadInput) as error:
        return show(view, kind, status_of(error), problem=told(error), key=key, typed=typed)
    if view.dry:
        return show(
            view,
            kind,
            preview=made,
            flows=flow_of(made["postings"]),
            sent=body,
            key=key,
            typed=typed,
        )
    where = "holds" if kind == "hold" else "transactions"
    return see(f"/{where}/{made['id']}", done="posted")


async def body_of(view: View, kind: str) -> dict[str, Any]:
    """Return the request as the API takes it. Raises BadInput, Refused."""
    body: dict[str, Any] = {}
    if kind in {"credit", "debit"}:
        body["wallet"] = view.text("wallet")
        other = "source" if kind == "credit" else "destination"
        if view.text(other):
            body[other] = view.text(other)
        body["amount"] = await amount_at(view, view.text("wallet"), text=view.text("amount"))
    elif kind == "transaction":
        body["postings"] = [leg async for leg in legs(view)]
    else:
        body |= {name: view.text(name) for name in ("source", "destination")}
        body["amount"] = await amount_at(view, *body.values(), text=view.text("amount"))
    if kind == "hold" and (view.text("hours") or view.text("expires_at")):
        # Posting repeats the request that was previewed, however often it is sent.
        body["expires_at"] = view.text("expires_at") or expiry(view.text("hours"))
    for name in ("reference", "description"):
        if view.text(name):
            body[name] = view.text(name)
    metadata = read_metadata(view.form.get("metadata", ""))
    return {**body, "metadata": metadata} if metadata else body


async def legs(view: View) -> AsyncIterator[dict[str, Any]]:
    """Yield the postings that were typed. Raises BadInput, Refused."""
    found = False
    for number in range(1, LEGS + 1):
        source, destination, text = (
            view.text(f"{name}_{number}") for name in ("source", "destination", "amount")
        )
        if not (source or destination or text):
            continue
        found = True
        yield {
            "source": source,
            "destination": destination,
            "amount": await amount_at(view, source, destination, text=text),
        }
    if not found:
        raise BadInput("Fill in at least one posting.")


async def amount_at(view: View, *wallets: str, text: str) -> str:
    """Return what was typed in the smallest unit of the wallets' asset. The outside has every asset,
    so another wallet's counts. Raises BadInput, Refused."""
    named = [wallet for wallet in wallets if wallet and not wallet.startswith("@world")]
    if not named:
        raise BadInput("Name a wallet of this ledger: its asset decides what the amount means.")
    found = await view.read("read_wallet", path={"id": named[0]})
    return read_amount(text, view.scales.get(found["asset"], 0))


def expiry(hours: str) -> str:
    """Return the time so many hours from now. Raises BadInput."""
    try:
        later = timedelta(hours=float(hours))
        at = datetime.now(UTC) + later
    except (ValueError, OverflowError):
        raise BadInput("Type for how many hours the hold lasts, such as 24.") from None
    return at.isoformat()


PAGES = [("GET", "/move", form), ("POST", "/move", send)]
