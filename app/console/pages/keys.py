"""API keys: create one, which is shown this once, and revoke."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from app.console.api import Refused
from app.console.view import View, see, status_of, told


async def list_keys(view: View) -> Response:
    return await show(view)


async def show(view: View, status: int = 200, **more: Any) -> Response:
    query = view.page_query(limit=100)
    found = await view.read("list_keys", query=query)
    return view.page("keys.html", status, found=found, **{"made": None, **more})


async def create_key(view: View) -> Response:
    try:
        made = await view.read("create_key", body={"scope": view.text("scope")})
    except Refused as refused:
        return await show(view, status_of(refused), problem=told(refused))
    return await show(view, made=made)


async def revoke_key(view: View) -> Response:
    await view.call("revoke_key", path={"id": view.request.path_params["id"]})
    return see("/keys", done="revoked")


PAGES = [
    ("GET", "/keys", list_keys),
    ("POST", "/keys", create_key),
    ("POST", "/keys/{id:number}/revoke", revoke_key),
]
