"""Transactions: the newest, one with its postings drawn and its event's deliveries, and reversals."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response

from app.console.api import Refused
from app.console.flow import flow_of
from app.console.spelling import BadInput
from app.console.view import View, see, status_of, told
from app.http.bodies import KINDS

PAGING = {"limit", "after"}
FOLDED = ("idempotency_key", "since", "until", "key", "value")  # behind "More fields"
FILTERS = ("wallet", "kind", "reference", "idempotency_key", "since", "until")


async def list_transactions(view: View) -> Response:
    """A page of the newest transactions, or of those that a search finds."""
    if view.query("id").isascii() and view.query("id").isdigit():
        return see(f"/transactions/{view.query('id')}")
    query = view.search_query(*FILTERS)
    for name in ("since", "until"):
        if query[name]:
            query[name] = as_utc(query[name])
    found, problem = await view.search("list_transactions", query)
    searched = any(value is not None for name, value in query.items() if name not in PAGING)
    return view.page(
        "transactions.html",
        found=found,
        query=query,
        searched=searched,
        more=any(view.query(name) for name in FOLDED),
        kinds=KINDS[1:],
        problem=problem,
    )


def as_utc(text: str) -> str:
    """Return a time as the API takes it; a browser's field has no zone, and is UTC."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).isoformat()


async def read_transaction(view: View) -> Response:
    return await show(view)


async def show(view: View, status: int = 200, **more: Any) -> Response:
    """Return the page of the transaction in the path."""
    id_ = view.request.path_params["id"]
    transaction = await view.read("read_transaction", path={"id": id_})
    event = await event_of(view, id_)
    return view.page(
        "transaction.html",
        status,
        transaction=transaction,
        flows=flow_of(transaction["postings"]),
        event=event,
        deliveries=await deliveries_of(view, event["seq"]) if event else [],
        **{"key": secrets.token_urlsafe(16), "preview": None, **more},
    )


async def event_of(view: View, id_: int) -> dict[str, Any] | None:
    """Return the event of a transaction; None: it is not stamped yet, or is purged."""
    try:
        event: dict[str, Any] = await view.read("read_transaction_event", path={"id": id_})
    except Refused as refused:
        if refused.status in {404, 410}:
            return None
        raise
    return event


async def deliveries_of(view: View, seq: int) -> list[dict[str, Any]]:
    """Return the deliveries of an event, each with its endpoint."""
    found = []
    for webhook in (await view.read("list_webhooks", query={"limit": 100}))["data"]:
        query = {"limit": 1, "after": seq + 1}
        page = await view.read("list_deliveries", path={"id": webhook["id"]}, query=query)
        found += [
            {"webhook": webhook, "delivery": delivery}
            for delivery in page["data"]
            if delivery["seq"] == seq
        ]
    return found


async def reverse(view: View) -> Response:
    """Show what a reversal would do, or reverse."""
    id_, key = view.request.path_params["id"], view.text("idempotency_key")
    try:
        body = await reversal(view, id_)
        made = await view.move("reverse_transaction", body, {"id": id_})
    except (Refused, BadInput) as error:
        return await show(
            view, status_of(error), problem=told(error), key=key, typed=dict(view.form)
        )
    if view.dry:
        return await show(view, preview=made, key=key, typed=dict(view.form), sent=body)
    return see(f"/transactions/{made['id']}", done="reversed")


async def reversal(view: View, id_: int) -> dict[str, Any]:
    """Return the body of the reversal that was typed. Raises BadInput, Refused."""
    body: dict[str, Any] = {}
    if view.text("amount"):
        transaction = await view.read("read_transaction", path={"id": id_})
        body["amount"] = view.amount(transaction["postings"][0]["asset"])
    if view.text("description"):
        body["description"] = view.text("description")
    if view.text("force") == "on":
        body["force"] = True
    return body


PAGES = [
    ("GET", "/transactions", list_transactions),
    ("GET", "/transactions/{id:number}", read_transaction),
    ("POST", "/transactions/{id:number}/reverse", reverse),
]
