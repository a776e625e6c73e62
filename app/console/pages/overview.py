"""Overview: is everything well, and what happened lately."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.responses import Response

from app.console.api import Refused
from app.console.view import View

A_WEEK = timedelta(days=7)


async def overview(view: View) -> Response:
    proof = await view.read("read_proof")
    webhooks = (await view.read("list_webhooks", query={"limit": 100}))["data"]
    rates, ledger = view.rates, view.session.caller.ledger
    charts = {
        name: rates.chart(ledger, ring) for name, ring in (("hour", rates.hour), ("day", rates.day))
    }
    newest = await view.read("list_transactions", query={"limit": 8})
    return view.page(
        "overview.html",
        checks=checks(await health(view), proof, webhooks),
        log=proof["log"],
        assets=proof["assets"],
        now=rates.now(ledger),
        charts={name: json.dumps(chart) for name, chart in charts.items() if chart},
        newest=newest["data"],
    )


async def health(view: View) -> dict[str, Any]:
    """Return what /readyz says."""
    try:
        found: dict[str, Any] = await view.read("readyz")
    except Refused as refused:
        return refused.problem
    return found


def checks(
    ready: dict[str, Any], proof: dict[str, Any], webhooks: list[dict[str, Any]]
) -> list[tuple[str, str, str]]:
    """Return a line for each thing that must be well: `ok`, `warn` or `bad`, what it is, and what
    to do."""
    found = [
        ("ok", "Database", "It answers, and money can be posted.")
        if ready["status"] == "ok"
        else ("bad", "Database", f"Money can't be posted ({ready['database']}). Look at its log."),
    ]
    if ready["status"] == "ok":
        found.append(
            ("ok", "Relay", "Events leave the outbox as they come.")
            if ready["relay"] == "ok"
            else ("bad", "Relay", "Events wait for a minute or more. See that a relay runs.")
        )
    off = [asset["asset"] for asset in proof["assets"] if int(asset["sum"]) != 0]
    found.append(
        ("bad", "Zero sum", f"{', '.join(off)} does not sum to zero. Run zerosum verify now.")
        if off
        else ("ok", "Zero sum", "All wallets of each asset sum to zero.")
    )
    found.append(verification(proof["verified"]))
    found += endpoints(webhooks)
    for sink in ready.get("sinks", []):
        if sink["state"] != "ok":
            text = f"{sink['name']} is {sink['state']}, {sink['behind']} events behind. See Sinks."
            found.append(("warn", "Sink", text))
    return found


def verification(verified: dict[str, Any] | None) -> tuple[str, str, str]:
    """Say when the ledger was last derived again."""
    if verified is None:
        return (
            "warn",
            "Verification",
            "It never ran here. Run zerosum verify, and again each night.",
        )
    at, seq = verified["at"][:16].replace("T", " "), verified["seq"]
    if verified["faults"]:
        text = f"{verified['faults']} faults on {at} UTC. Look at zerosum verify now."
        return "bad", "Verification", text
    age = datetime.now(UTC) - datetime.fromisoformat(verified["at"])
    text = f"All was well up to event {seq} on {at} UTC."
    return ("ok" if age < A_WEEK else "warn"), "Verification", text


def endpoints(webhooks: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    failing = [one for one in webhooks if one["status"] == "enabled" and one["failing_since"]]
    disabled = [one for one in webhooks if one["status"] == "disabled"]
    found = []
    for one in failing:
        text = (
            f"Endpoint {one['id']} fails since {one['failing_since'][:16]}. Look at its attempts."
        )
        found.append(("warn", "Webhooks", text))
    for one in disabled:
        text = f"Endpoint {one['id']} is disabled: {one['disabled_reason']}. Enable or delete it."
        found.append(("warn", "Webhooks", text))
    if not found:
        count = len(webhooks)
        text = f"{count} endpoint{'s' if count != 1 else ''}, none failing."
        found.append(("ok", "Webhooks", text if count else "No endpoint yet."))
    return found


PAGES = [("GET", "/", overview), ("GET", "", overview)]
