"""Wallets: search, one wallet with its chart and entries, and what can be done with it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from starlette.responses import Response, StreamingResponse

from app.console.api import Refused
from app.console.spelling import BadInput, plain_amount, read_amount, read_metadata
from app.console.view import HEADERS, NOTHING, View, see, status_of, told

CHART_ENTRIES = 500
STATEMENT_PAGE = 1000
ACTIONS = ("freeze", "unfreeze", "close", "change")


async def list_wallets(view: View) -> Response:
    """A page of wallets by prefix, asset and metadata. It is always the whole page, of which htmx takes the
    table: a browser that goes back asks as htmx does, and needs the whole."""
    query = view.search_query("prefix", "asset")
    found, problem = await view.search("list_wallets", query)
    return view.page("wallets.html", wallets=found, query=query, problem=problem)


async def create_wallet(view: View) -> Response:
    """Create a wallet with the limits that were typed."""
    asset = view.text("asset")
    typed = dict(view.form)
    try:
        scale = view.scales.get(asset, 2)
        body = {
            "id": view.text("id") or None,
            "asset": asset,
            "metadata": read_metadata(view.form.get("metadata", "")),
            **limits(view, scale),
        }
        made = await view.read("create_wallet", body=body)
    except (Refused, BadInput) as error:
        return view.page(
            "wallets.html",
            status_of(error),
            wallets=NOTHING,
            query={},
            problem=told(error),
            typed=typed,
        )
    return see(f"/wallets/{made['id']}")


def limits(view: View, scale: int) -> dict[str, Any]:
    """Return the limits that were typed; an empty field is none. Raises BadInput."""
    found: dict[str, Any] = {}
    for name in ("min_balance", "max_balance"):
        text = view.text(name)
        found[name] = read_amount(text, scale) if text else None
    return found


async def read_wallet(view: View) -> Response:
    return await show(view)


async def show(view: View, problem: dict[str, Any] | None = None, status: int = 200) -> Response:
    """Return the page of the wallet in the path."""
    where = {"id": view.request.path_params["id"]}
    wallet = await view.read("read_wallet", path=where)
    query = view.page_query()
    entries = await view.read("list_entries", path=where, query=query)
    chart = None
    if not view.query("after"):
        newest = await view.read("list_entries", path=where, query={"limit": CHART_ENTRIES})
        chart = balance_chart(newest["data"], view.scales.get(wallet["asset"], 0), wallet["asset"])
    return view.page(
        "wallet.html", status, wallet=wallet, entries=entries, chart=chart, problem=problem
    )


def balance_chart(entries: list[dict[str, Any]], scale: int, asset: str) -> str | None:
    """Return the balance over time for the page's chart, as JSON; None: there is too little."""
    if len(entries) < 2:
        return None
    oldest_first = entries[::-1]
    times = [datetime.fromisoformat(entry["recorded_at"]).timestamp() for entry in oldest_first]
    values = [int(entry["balance"]) / 10**scale for entry in oldest_first]
    return json.dumps({"times": times, "series": [{"label": asset, "values": values}]})


async def act(view: View) -> Response:
    """Freeze, unfreeze, close or change the wallet in the path."""
    id_ = view.request.path_params["id"]
    action = view.action
    where = {"id": id_}
    try:
        if action == "freeze":
            body = {"credits": view.text("credits") == "on"}
            await view.call("freeze_wallet", path=where, body=body)
        elif action == "unfreeze":
            await view.call("unfreeze_wallet", path=where)
        elif action == "close":
            await view.call("close_wallet", path=where)
        else:
            wallet = await view.read("read_wallet", path=where)
            change = limits(view, view.scales.get(wallet["asset"], 0))
            change["metadata"] = read_metadata(view.form.get("metadata", ""))
            await view.call("change_wallet", path=where, body=change)
    except (Refused, BadInput) as error:
        return await show(view, told(error), status_of(error))
    return see(f"/wallets/{id_}", done=action)


async def statement(view: View) -> Response:
    """Return all entries of the wallet as CSV, the newest first, as they are read."""
    where = {"id": view.request.path_params["id"]}
    wallet = await view.read("read_wallet", path=where)
    scale = view.scales.get(wallet["asset"], 0)

    async def lines() -> AsyncIterator[str]:
        yield row("recorded_at", "transaction", "posting", "version", "asset", "amount", "balance")
        after = None
        while True:
            query = {"limit": STATEMENT_PAGE, "after": after}
            page = await view.read("list_entries", path=where, query=query)
            for entry in page["data"]:
                yield row(
                    entry["recorded_at"],
                    entry["transaction"],
                    entry["posting"],
                    entry["version"],
                    entry["asset"],
                    plain_amount(entry["amount"], scale),
                    plain_amount(entry["balance"], scale),
                )
            after = page["next"]
            if after is None:
                return

    name = "".join(char if char.isalnum() or char in "-_." else "_" for char in wallet["id"])
    headers = {**HEADERS, "Content-Disposition": f'attachment; filename="{name}.csv"'}
    return StreamingResponse(lines(), 200, headers, "text/csv")


def row(*values: object) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(values)
    return out.getvalue()


PAGES = [
    ("GET", "/wallets", list_wallets),
    ("POST", "/wallets", create_wallet),
    ("GET", "/wallets/{id}", read_wallet),
    ("GET", "/wallets/{id}/statement.csv", statement),
    *(("POST", f"/wallets/{{id}}/{action}", act) for action in ACTIONS),
]
