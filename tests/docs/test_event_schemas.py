"""Every event that is written fits the JSON Schema that the documentation has for its type."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta

import asyncpg
import jsonschema

from tests.docs.blocks import ROOT
from tests.docs.generate.events import EVENTS, FOLDER
from tests.support.api import Api
from tests.support.ledger import bodies, lease, stamp_all


async def test_every_type_of_event_fits_its_schema(api: Api, db: asyncpg.Connection) -> None:
    await write_all(api, db)
    seen = set()
    for body in await bodies(db):
        event = json.loads(body)
        schema = json.loads((ROOT / FOLDER / f"{event['type']}.schema.json").read_text())
        validator = jsonschema.Draft202012Validator(
            strict(schema), format_checker=jsonschema.FormatChecker()
        )
        errors = [error.message for error in validator.iter_errors(event)]
        assert errors == [], event
        seen.add(event["type"])
    assert seen == EVENTS.keys()


def strict(schema: dict[str, object]) -> dict[str, object]:
    """The schema without members that it does not name: what is written must be documented."""
    found = json.loads(json.dumps(schema))
    for one in (found, *found["$defs"].values()):
        if "properties" in one:
            one["additionalProperties"] = False
    told: dict[str, object] = found
    return told


async def write_all(api: Api, db: asyncpg.Connection) -> None:
    """An event of every type."""
    await api.wallets("alice", "bob", "old")
    await api.fund("alice", 100)
    pay = {"source": "alice", "destination": "bob", "amount": 10, "metadata": {"order": [1, {}]}}
    paid = await api.made("/v1/transfers", pay)
    await api.made(f"/v1/transactions/{paid['id']}/reverse", {"amount": 4})
    held = await api.made("/v1/holds", pay)
    await api.made(f"/v1/holds/{held['id']}/capture", {"amount": 3})
    await api.made(f"/v1/holds/{held['id']}/void", {})
    soon = (datetime.now(UTC) + timedelta(milliseconds=200)).isoformat()
    await api.made("/v1/holds", {**pay, "expires_at": soon})
    await api.client.patch("/v1/wallets/bob", json={"max_balance": 1000})
    await db.execute("select * from zerosum.restore_ledger(1, 30)")
    for verb in ("freeze", "unfreeze"):
        await api.post(f"/v1/wallets/bob/{verb}", {})
    await api.post("/v1/wallets/old/close", {})
    await api.made("/v1/webhooks", {"url": "https://shop.example/hooks"})
    await api.client.patch("/v1/webhooks/1", json={"description": "The shop"})
    for verb in ("rotate", "test", "disable", "enable"):
        await api.post(f"/v1/webhooks/1/{verb}", {})
    await db.execute(
        "update ledger.endpoints set failing_since = now() - interval '3 days' where id = 1"
    )
    await db.execute("select zerosum.judge_endpoint(1, 1, false, 5 * 86400)")
    async with asyncio.timeout(10):
        while not await db.fetchval("select zerosum.expire_holds(1, 10, false)"):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    epoch = await lease(db, "r")
    await db.execute(
        "select zerosum.add_checkpoint(1, 'r', $1, 'example.com/main', 1, sha256(''), 'note')",
        epoch,
    )
    await stamp_all(db)
