"""Assets: what wallets hold."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from app.console.api import Refused
from app.console.view import View, see, status_of, told


async def list_assets(view: View) -> Response:
    return await show(view)


async def show(view: View, status: int = 200, **more: Any) -> Response:
    proof = await view.read("read_proof")
    sums = {one["asset"]: one for one in proof["assets"]}
    return view.page("assets.html", status, sums=sums, **more)


async def create_asset(view: View) -> Response:
    scale = view.text("scale")
    body = {"code": view.text("code"), "scale": int(scale) if scale.isdigit() else scale}
    try:
        await view.call("create_asset", body=body)
    except Refused as refused:
        return await show(view, status_of(refused), problem=told(refused), typed=dict(view.form))
    return see("/assets", done="created")


PAGES = [("GET", "/assets", list_assets), ("POST", "/assets", create_asset)]
