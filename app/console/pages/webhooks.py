"""Webhooks: endpoints with how they do, one with its deliveries, and what can be done with it."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from app.console.api import Refused
from app.console.spelling import BadInput
from app.console.view import View, see, status_of, told

SAMPLE = 100  # Deliveries of an endpoint from which its success and latency are told.


async def list_webhooks(view: View) -> Response:
    return await show_all(view)


async def show_all(view: View, status: int = 200, **more: Any) -> Response:
    query = view.page_query()
    found = await view.read("list_webhooks", query=query)
    rows = [{"webhook": one, **await health(view, one["id"])} for one in found["data"]]
    return view.page("webhooks.html", status, rows=rows, next=found["next"], **more)


async def health(view: View, id_: int) -> dict[str, Any]:
    """Return how the newest deliveries of an endpoint went."""
    page = await view.read("list_deliveries", path={"id": id_}, query={"limit": SAMPLE})
    settled = [one for one in page["data"] if one["status"] != "pending"]
    good = [one for one in settled if one["status"] == "delivered"]
    took = sorted(one["attempts"][-1]["duration_ms"] for one in good if one["attempts"])
    return {
        "settled": len(settled),
        "success": len(good) / len(settled) if settled else None,
        "p50_ms": took[len(took) // 2] if took else None,
        "pending": len(page["data"]) - len(settled),
    }


async def create_webhook(view: View) -> Response:
    """Create an endpoint, and show its secret this once."""
    try:
        made = await view.read("create_webhook", body=body_of(view))
    except Refused as refused:
        return await show_all(
            view, status_of(refused), problem=told(refused), typed=dict(view.form)
        )
    return await show(view, made["id"], secret=made["secret"])


def body_of(view: View) -> dict[str, Any]:
    """Return the endpoint that was typed, as the API takes it."""
    body: dict[str, Any] = {"url": view.text("url")}
    for name in ("types", "wallets", "kinds"):
        body[name] = view.names(name)
    if view.text("description"):
        body["description"] = view.text("description")
    body["ordered"] = view.text("ordered") == "on"
    body["amounts"] = "string" if view.text("strings") == "on" else "integer"
    return body


async def read_webhook(view: View) -> Response:
    return await show(view, view.request.path_params["id"])


async def show(view: View, id_: int, status: int = 200, **more: Any) -> Response:
    """Return the page of an endpoint."""
    where = {"id": id_}
    webhook = await view.read("read_webhook", path=where)
    chosen = view.query("status") or None
    query = {**view.page_query(), "status": chosen}
    deliveries = await view.read("list_deliveries", path=where, query=query)
    replays = await view.read("list_replays", path=where, query={"limit": 10})
    given = {"secret": None, "count": None, "chosen": chosen, **more}
    return view.page(
        "webhook.html",
        status,
        webhook=webhook,
        deliveries=deliveries,
        replays=replays["data"],
        health=await health(view, id_),
        **given,
    )


async def act(view: View) -> Response:
    """Do what the last segment of the path says with the endpoint."""
    id_ = view.request.path_params["id"]
    action = view.action
    where = {"id": id_}
    try:
        if action == "rotate":
            made = await view.read("rotate_secret", path=where)
            return await show(view, id_, secret=made["secret"])
        if action == "delete":
            await view.call("delete_webhook", path=where)
            return see("/webhooks", done="deleted")
        if action == "change":
            await view.call("change_webhook", path=where, body=body_of(view))
        elif action == "dismiss":
            await view.call("dismiss_deliveries", path=where)
        else:
            await view.call(f"{action}_webhook", path=where)
    except (Refused, BadInput) as error:
        return await show(view, id_, status_of(error), problem=told(error), typed=dict(view.form))
    return see(f"/webhooks/{id_}", done=action)


async def resend(view: View) -> Response:
    id_, seq = view.request.path_params["id"], view.request.path_params["seq"]
    try:
        await view.call("resend_delivery", path={"id": id_, "seq": seq})
    except Refused as refused:
        return await show(view, id_, status_of(refused), problem=told(refused))
    return see(f"/webhooks/{id_}", done="resent")


async def replay(view: View) -> Response:
    """Count what a replay would send, or begin it."""
    id_ = view.request.path_params["id"]
    body: dict[str, Any] = {}
    for name in ("after_seq", "upto_seq"):
        if view.text(name).isdigit():
            body[name] = int(view.text(name))
    if view.text("status"):
        body["status"] = view.text("status")
    body["types"] = view.names("types")
    try:
        if view.text("step") == "post":
            await view.call("create_replay", path={"id": id_}, body=body)
            return see(f"/webhooks/{id_}", done="replay")
        count = await view.read("count_replay", path={"id": id_}, body=body)
    except Refused as refused:
        return await show(
            view, id_, status_of(refused), problem=told(refused), typed=dict(view.form)
        )
    return await show(view, id_, count=count, typed=dict(view.form), sent=body)


async def cancel_replay(view: View) -> Response:
    id_ = view.request.path_params["id"]
    where = {"id": id_, "number": view.request.path_params["number"]}
    await view.call("cancel_replay", path=where)
    return see(f"/webhooks/{id_}", done="cancelled")


ACTIONS = ("enable", "disable", "test", "rotate", "delete", "change", "dismiss")
PAGES = [
    ("GET", "/webhooks", list_webhooks),
    ("POST", "/webhooks", create_webhook),
    ("GET", "/webhooks/{id:number}", read_webhook),
    *(("POST", f"/webhooks/{{id:number}}/{action}", act) for action in ACTIONS),
    ("POST", "/webhooks/{id:number}/deliveries/{seq:number}/resend", resend),
    ("POST", "/webhooks/{id:number}/replay", replay),
    ("POST", "/webhooks/{id:number}/replays/{number:number}/cancel", cancel_replay),
]
