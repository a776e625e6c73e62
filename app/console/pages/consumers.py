"""Consumers: how far each is, and their creation and end."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from app.console.api import Refused
from app.console.pages.rewinding import rewind
from app.console.view import View, see, status_of, told


async def list_consumers(view: View) -> Response:
    return await show(view)


async def show(view: View, status: int = 200, **more: Any) -> Response:
    found = await view.read("list_consumers", query=view.page_query())
    given = {"counted": None, "rewinding": {}, **more}
    return view.page("consumers.html", status, found=found, **given)


async def create_consumer(view: View) -> Response:
    body = {
        "types": view.names("types"),
        "start": view.text("start") or "now",
    }
    try:
        await view.call("put_consumer", path={"name": view.text("name")}, body=body)
    except Refused as refused:
        return await show(view, status_of(refused), problem=told(refused), typed=dict(view.form))
    return see("/consumers", done="created")


async def delete_consumer(view: View) -> Response:
    await view.call("delete_consumer", path={"name": view.request.path_params["name"]})
    return see("/consumers", done="deleted")


async def rewind_consumer(view: View) -> Response:
    return await rewind(view, "consumer", show)


PAGES = [
    ("GET", "/consumers", list_consumers),
    ("POST", "/consumers", create_consumer),
    ("POST", "/consumers/rewind", rewind_consumer),
    ("POST", "/consumers/{name}/delete", delete_consumer),
]
