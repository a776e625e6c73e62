"""Holds: those that were placed, one of them, and its capture or void."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response

from app.console.api import Refused
from app.console.spelling import BadInput
from app.console.view import View, see, status_of, told


async def list_holds(view: View) -> Response:
    query = view.page_query()
    found = await view.read("list_holds", query=query)
    for hold in found["data"]:
        hold["left_s"] = left_s(hold)
    return view.page("holds.html", found=found)


def left_s(hold: dict[str, Any]) -> float | None:
    """Return the seconds until a pending hold expires; None: it does not."""
    if hold["status"] != "pending" or hold["expires_at"] is None:
        return None
    return (datetime.fromisoformat(hold["expires_at"]) - datetime.now(UTC)).total_seconds()


async def read_hold(view: View) -> Response:
    return await show(view)


async def show(view: View, status: int = 200, **more: Any) -> Response:
    """Return the page of the hold in the path."""
    hold = await view.read("read_hold", path={"id": view.request.path_params["id"]})
    hold["left_s"] = left_s(hold)
    given = {"key": secrets.token_urlsafe(16), "preview": None, **more}
    return view.page("hold.html", status, hold=hold, **given)


async def settle(view: View) -> Response:
    """Show what a capture or a void would do, or do it."""
    id_, key = view.request.path_params["id"], view.text("idempotency_key")
    action = view.action
    try:
        body: dict[str, Any] = {}
        if action == "capture":
            body = await capture(view, id_)
        made = await view.move(f"{action}_hold", body, {"id": id_})
    except (Refused, BadInput) as error:
        return await show(
            view, status_of(error), problem=told(error), key=key, typed=dict(view.form)
        )
    if view.dry:
        return await show(
            view, preview=made, key=key, typed=dict(view.form), sent=body, action=action
        )
    return see(f"/holds/{id_}", done=action)


async def capture(view: View, id_: int) -> dict[str, Any]:
    """Return the body of the capture that was typed. Raises BadInput, Refused."""
    body: dict[str, Any] = {}
    if view.text("amount"):
        hold = await view.read("read_hold", path={"id": id_})
        body["amount"] = view.amount(hold["postings"][0]["asset"])
    if view.text("final") == "on":
        body["final"] = True
    return body


PAGES = [
    ("GET", "/holds", list_holds),
    ("GET", "/holds/{id:number}", read_hold),
    ("POST", "/holds/{id:number}/capture", settle),
    ("POST", "/holds/{id:number}/void", settle),
]
