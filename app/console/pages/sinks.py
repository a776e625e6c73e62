"""Sinks: how far each is and what fails it; pause, resume, create, remove."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from app.console.api import Refused
from app.console.pages.rewinding import rewind
from app.console.view import View, see, status_of, told


async def list_sinks(view: View) -> Response:
    return await show(view)


async def show(view: View, status: int = 200, **more: Any) -> Response:
    found = await view.read("list_sinks", query=view.page_query())
    given = {"counted": None, "rewinding": {}, **more}
    return view.page("sinks.html", status, found=found, **given)


async def create_sink(view: View) -> Response:
    try:
        await view.call("create_sink", body={"url": view.text("url")})
    except Refused as refused:
        return await show(view, status_of(refused), problem=told(refused), typed=dict(view.form))
    return see("/sinks", done="created")


async def act(view: View) -> Response:
    """Do what the last segment of the path says with the sink."""
    action = view.action
    try:
        await view.call(f"{action}_sink", path={"id": view.request.path_params["id"]})
    except Refused as refused:
        return await show(view, status_of(refused), problem=told(refused))
    return see("/sinks", done=action)


async def rewind_sink(view: View) -> Response:
    return await rewind(view, "sink", show)


PAGES = [
    ("GET", "/sinks", list_sinks),
    ("POST", "/sinks", create_sink),
    ("POST", "/sinks/rewind", rewind_sink),
    *(("POST", f"/sinks/{{id:number}}/{action}", act) for action in ("pause", "resume", "remove")),
]
