"""`zerosum doctor` looks at a deployment, says what to mend, and writes nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from app.cli import doctor as module
from tests.conftest import new_database
from tests.support.command import run
from tests.support.ledger import fund, wallets
from tests.support.webhooks import subscribe


async def findings(url: str, **environ: str) -> tuple[int, dict[str, str]]:
    """Return the exit code, and the state of each finding by what it says and what to do."""
    code, said, told = await run(url, "doctor", "--json", **environ)
    assert said, told
    lines: list[dict[str, Any]] = [json.loads(line) for line in said.splitlines()]
    return code or 0, {f"{one['what']} {one['todo']}".strip(): one["state"] for one in lines}


def state(found: dict[str, str], text: str) -> str:
    (only,) = [state for told, state in found.items() if text in told]
    return only


async def test_a_deployment_that_is_well(database_url: str, db: asyncpg.Connection) -> None:
    await db.execute("select zerosum.add_key(1, sha256('x'), 'admin', 'zs_xxxx')")
    before = await db.fetchval("select pg_current_xact_id_if_assigned()")
    code, found = await findings(
        database_url, ZEROSUM_SECRET_KEY="a" * 64, ZEROSUM_LOG_KEY="b" * 64
    )
    assert code == 0
    assert before == await db.fetchval("select pg_current_xact_id_if_assigned()")
    for text in ("of this release", "It is PostgreSQL", "clocks agree", "Notifications arrive"):
        assert state(found, text) == "ok"
    assert "bad" not in found.values()
    assert state(found, "takes backups") == "warn"
    _, said, _ = await run(database_url, "doctor")
    assert "ok    The clocks agree." in said


async def test_what_is_wrong_is_said_with_what_to_do(
    database_url: str, db: asyncpg.Connection
) -> None:
    await wallets(db, ("alice",))
    await fund(db, "alice", 1)
    target = await subscribe(db, "https://shop.example")
    await db.execute(
        "update ledger.endpoints set disabled_at = now(), disabled_reason = 'client' where id = $1",
        target,
    )
    await db.execute(
        "insert into ledger.deliveries (ledger_id, endpoint_id, seq, status, due_at, settled_at)"
        " values (1, $1, 1, 'dead', now(), now())",
        target,
    )
    await db.execute("alter table ledger.outbox disable trigger all")
    await db.execute("update ledger.outbox set recorded_at = now() - interval '1 hour'")
    await db.execute("select zerosum.create_ledger('second')")
    code, found = await findings(database_url, WEB_CONCURRENCY="64")
    assert code == 1
    assert state(found, "See that a relay runs") == "bad"
    for text in (
        "is disabled",
        "1 dead deliveries",
        "zerosum keys create --ledger second",
        "ZEROSUM_SECRET_KEY",
        "ZEROSUM_LOG_KEY",
        "Lower WEB_CONCURRENCY",
    ):
        assert state(found, text) == "warn"


async def test_what_can_not_be_looked_at(server_url: str, database_url: str) -> None:
    async with new_database(server_url) as empty:
        code, found = await findings(empty)
        assert code == 1
        assert state(found, "zerosum migrate") == "bad"
    code, found = await findings("postgresql://127.0.0.1:9/x?connect_timeout=2")
    assert (code, state(found, "can't be used")) == (1, "bad")
    code, found = await findings(database_url, ZEROSUM_RATE_LIMIT="many")
    assert (code, state(found, "ZEROSUM_RATE_LIMIT")) == (1, "bad")


def test_clocks_and_backups() -> None:
    now = datetime.now(UTC)
    assert module.of_clock(now + timedelta(seconds=60), now.timestamp(), 0.01).state == "warn"
    assert module.of_clock(now, now.timestamp(), 0.01).state == "ok"
    facts: dict[str, Any] = {"moment": now, "archive_failed_at": None}
    settings: Any = type("S", (), {"database_url": "postgresql://x"})
    for archived, failed, wanted in (
        (None, None, "warn"),
        (now - timedelta(minutes=1), None, "ok"),
        (now - timedelta(days=2), None, "bad"),
        (now - timedelta(minutes=9), now, "bad"),
    ):
        given = {**facts, "archived_at": archived, "archive_failed_at": failed}
        assert module.of_backups(given, settings).state == wanted
