"""Proof: what the ledger sums to, and its log."""

from __future__ import annotations

from starlette.responses import Response

from app.console.view import View


async def read_proof(view: View) -> Response:
    return view.page("proof.html", proof=await view.read("read_proof"))


PAGES = [("GET", "/proof", read_proof)]
