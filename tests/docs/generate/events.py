"""The reference of events: each type, when it is written, the JSON Schema of its body."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from app.http import answers
from app.http.openapi import describe_members
from tests.docs.generate.markdown import table

FOLDER = "docs/reference/events"
# Of each type: when it is written, and what its data may be.
EVENTS: dict[str, tuple[str, tuple[type, ...]]] = {
    "transaction.posted": (
        "A transaction moved value: a transfer, credit, debit, transaction, capture or reversal.",
        (answers.Transaction, answers.CaptureTransaction, answers.ReversalTransaction),
    ),
    "hold.placed": ("A hold reserved value.", (answers.HoldTransaction,)),
    "hold.voided": ("A hold was released.", (answers.CaptureTransaction,)),
    "hold.expired": (
        "A hold reached its `expires_at`; what was left is released.",
        (answers.Hold,),
    ),
    "wallet.changed": ("A wallet has other limits or metadata.", (answers.Wallet,)),
    "wallet.frozen": ("A wallet was frozen.", (answers.Wallet,)),
    "wallet.unfrozen": ("A wallet was unfrozen.", (answers.Wallet,)),
    "wallet.closed": ("A wallet was closed for good.", (answers.Wallet,)),
    "endpoint.changed": (
        "A webhook endpoint has another URL, selects other events, or is described otherwise.",
        (answers.Webhook,),
    ),
    "endpoint.secret_rotated": (
        "A webhook endpoint has a new secret. The event does not tell it.",
        (answers.Webhook,),
    ),
    "endpoint.test": (
        "An API key tests this webhook endpoint. It goes to the endpoint, whatever its types, and to "
        "no other.",
        (answers.Webhook,),
    ),
    "endpoint.failing": (
        "Nothing has arrived at a webhook endpoint for half of the time after which it is disabled. It "
        "goes to all others.",
        (answers.Webhook,),
    ),
    "endpoint.disabled": (
        "A webhook endpoint gets nothing more: it answered 410, nothing has arrived for days, or an API "
        "key disabled it.",
        (answers.Webhook,),
    ),
    "endpoint.enabled": ("A webhook endpoint was enabled again.", (answers.Webhook,)),
    "ledger.checkpoint": (
        "The state of the transparency log, signed; once an hour in which something happened.",
        (answers.Checkpoint,),
    ),
    "ledger.restored": (
        "The database lost its end, by a restore or a failover, and goes on: see the guide.",
        (answers.Restored,),
    ),
    "ledger.skipped": (
        "Takes a seq that others saw with an event that is lost. Only the feed has it: webhooks and "
        "sinks get it if they ask for this type by its name.",
        (answers.Skipped,),
    ),
}


def block() -> str:
    rows = [
        (
            f"`{name}`",
            when,
            ", ".join(field.name for field in msgspec.structs.fields(shapes[0]))
            if name.startswith("ledger.")
            else " or ".join(
                f"[{shape.__name__}](api.md#{shape.__name__.lower()})" for shape in shapes
            ),
            f"[schema](events/{name}.schema.json)",
        )
        for name, (when, shapes) in EVENTS.items()
    ]
    return table(("type", "written when", "`data`", "JSON Schema"), *rows)


def files() -> dict[str, str]:
    """The JSON Schema of each type's body, by its path."""
    return {
        f"{FOLDER}/{name}.schema.json": json.dumps(schema(name), indent=2, ensure_ascii=False)
        + "\n"
        for name in EVENTS
    }


def schema(name: str) -> dict[str, Any]:
    """Of the body that webhooks, sinks and the feed carry for an event of this type."""
    when, shapes = EVENTS[name]
    data, components = msgspec.json.schema_components(
        [*shapes, answers.Event], ref_template="#/$defs/{name}"
    )
    describe_members(components)
    body = components.pop(answers.Event.__name__)
    body["properties"]["type"] = {
        "const": name,
        "description": body["properties"]["type"]["description"],
    }
    choices = list(data[:-1])
    body["properties"]["data"] = choices[0] if len(choices) == 1 else {"anyOf": choices}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": name,
        "description": when,
        **{key: value for key, value in body.items() if key != "title"},
        "$defs": components,
    }
