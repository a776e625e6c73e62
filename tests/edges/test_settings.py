"""A database and a role with settings that are not the defaults: nobody sees a difference, over
HTTP or in SQL."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from app.host.migrate import SQL
from tests.conftest import new_database
from tests.support.api import Api
from tests.support.ledger import verify
from tests.support.process import ServerProcess
from tests.support.receiver import Receiver

UNUSUAL = {
    "standard_conforming_strings": "off",
    "backslash_quote": "on",
    "escape_string_warning": "on",
    "default_transaction_isolation": "serializable",
    "default_transaction_deferrable": "on",
    "TimeZone": "Asia/Kolkata",
    "DateStyle": "SQL, DMY",
    "IntervalStyle": "sql_standard",
    "bytea_output": "escape",
    "extra_float_digits": "0",
    "search_path": "evil, public, ledger, zerosum",
    "lock_timeout": "1ms",
    "statement_timeout": "50ms",
    "idle_in_transaction_session_timeout": "500ms",
    "row_security": "off",
    "array_nulls": "off",
    "transform_null_equals": "on",
    "quote_all_identifiers": "on",
    "client_min_messages": "error",
    "check_function_bodies": "on",
    "enable_indexscan": "off",
    "enable_seqscan": "off",
    "jit": "on",
    "jit_above_cost": "0",
    "plan_cache_mode": "force_custom_plan",
    "xmloption": "document",
    "default_tablespace": "",
    "default_with_oids": "off",
}
DRAWN = {"secret", "key", "hint"}  # at random
TIMES = {"recorded_at", "created_at", "effective_at", "timestamp", "expires_at", "id", "url"}


def test_no_plain_string_has_a_backslash() -> None:
    """A backslash means something else where standard_conforming_strings is off. E'' says what it
    means."""
    for path in sorted(SQL.glob("functions/**/*.sql")):
        for line in path.read_text().splitlines():
            code = line.partition("--")[0]
            for match in re.finditer(r"(?<!\w)(E?)'((?:[^']|'')*)'", code):
                assert match[1] or "\\" not in match[2], (path.name, line)


async def unusual(conn: asyncpg.Connection, target: str) -> None:
    """Set all of them, those that this version knows, for a database or for a role."""
    known = {row["name"] for row in await conn.fetch("select lower(name) as name from pg_settings")}
    for name, value in UNUSUAL.items():
        if name.lower() in known:
            await conn.execute(
                f"alter {target} set {name} = {value}"
                if "," in value
                else f"alter {target} set {name} = '{value}'"
            )


@pytest.fixture
async def odd_url(server_url: str) -> AsyncIterator[str]:
    """A database with these settings, and with tables and functions that must not be met by
    mistake."""
    async with new_database(server_url) as url:
        conn = await asyncpg.connect(url)
        await conn.execute(
            "create schema evil; create function evil.now() returns timestamptz"
            " language sql as $$select null::timestamptz$$;"
            "create table evil.wallets (); create table evil.transactions ();"
            "create function evil.sha256(bytea) returns bytea language sql as $$select null::bytea$$"
        )
        await unusual(conn, f"database {await conn.fetchval('select current_database()')}")
        await conn.close()
        yield url


def shape(value: Any) -> Any:
    """Return the value without what differs from run to run; times by their form."""
    if isinstance(value, dict):
        return {
            name: re.sub("[0-9a-f]", "9", item)[:11]
            if name in TIMES and isinstance(item, str)
            else shape(item)
            for name, item in value.items()
            if name not in DRAWN
        }
    return [shape(item) for item in value] if isinstance(value, list) else value


async def told(server: ServerProcess, receiver: Receiver) -> list[Any]:
    """Return all that a client and a receiver see of a ledger's life."""
    seen: list[Any] = []
    before = len(receiver.got)
    async with server.client() as client:

        async def ask(method: str, path: str, body: Any = None, **headers: str) -> Any:
            answer = await client.request(method, path, json=body, headers=headers)
            content = answer.json() if answer.content else None
            seen.append((method, path, answer.status_code, shape(content)))
            return content

        await ask("POST", "/v1/webhooks", {"url": receiver.url})
        for name in ("alice", "bob"):
            await ask("POST", "/v1/wallets", {"id": name, "asset": "USD", "metadata": {"a": "\\"}})
        await ask(
            "POST", "/v1/credits", {"wallet": "alice", "amount": 1000, "metadata": {"b": 1.50}}
        )
        pay = {"source": "alice", "destination": "bob", "amount": 7, "description": 'it\'s "\\n"'}
        pay["effective_at"] = "2020-02-03T04:05:06.5+05:30"
        for _ in range(2):
            await ask("POST", "/v1/transfers", pay, **{"Idempotency-Key": "k\\'1"})
        hold = {"source": "alice", "destination": "bob", "amount": 9}
        hold["expires_at"] = "2099-12-31T23:59:59.123456+05:30"
        made = await ask("POST", "/v1/holds", hold)
        await ask("POST", f"/v1/holds/{made['id']}/capture", {"amount": 4})
        await ask("POST", f"/v1/holds/{made['id']}/void", {})
        await ask("POST", f"/v1/transactions/{made['id'] - 1}/reverse", {"amount": 2})
        await ask("PATCH", "/v1/wallets/bob", {"max_balance": 10**6})
        await ask("POST", "/v1/wallets/bob/freeze", {})
        await ask("POST", "/v1/wallets/bob/unfreeze")
        await ask("POST", "/v1/transfers?dry_run=true", {**pay, "amount": 10**9})
        await ask("POST", "/v1/keys", {"scope": "read"})
        await receiver.until(before + 9)
        for path in (
            "/v1/wallets/alice",
            "/v1/wallets?metadata.a=%5C",
            "/v1/wallets/alice/entries",
            "/v1/transactions",
            f"/v1/transactions/{made['id']}",
            "/v1/holds",
            "/v1/assets?limit=3",
            "/v1/webhooks",
            "/v1/keys",
            "/v1/sinks",
            "/readyz",
        ):
            await ask("GET", path)
        events = (await client.get("/v1/events")).json()["data"]
        seen.append([shape(event) for event in events])
        assert {json.loads(one.body)["id"] for one in receiver.got[before:]} <= {
            event["id"] for event in events
        }
    return seen


async def test_settings_of_the_database_change_nothing(
    tmp_path: Path, odd_url: str, server_url: str, receiver: Receiver
) -> None:
    rooms = [tmp_path / name for name in ("usual", "odd")]
    seen = []
    async with new_database(server_url) as usual_url:
        for room, url in zip(rooms, (usual_url, odd_url), strict=True):
            room.mkdir()
            server = ServerProcess(room, url, ZEROSUM_LOG_REQUESTS="0")
            await server.start()
            seen.append(await told(server, receiver))
            said = await server.end()
            assert "Traceback" not in said, said
    for usual, odd in zip(*seen, strict=True):
        assert odd == usual
    conn = await asyncpg.connect(odd_url)
    await conn.execute("set statement_timeout = 0; set lock_timeout = 0")
    # An SQL client, with the settings of the database.
    ids = []
    for n in range(2):
        row = await conn.fetchrow(
            "select * from zerosum.transfer(1, 'alice', 'bob', 1, 'sql',"
            " metadata => jsonb_build_object('n', 1), effective_at => '2020-02-03 04:05:06+00')"
        )
        assert row is not None
        assert row["replayed"] is bool(n)
        ids.append(json.loads(row["transaction"])["id"])
    assert ids[0] == ids[1]
    held = await conn.fetchrow(
        "select * from zerosum.hold(1, 'alice', 'bob', 5, expires_at => clock_timestamp() + interval '1 h')"
    )
    assert held is not None
    assert await verify(conn) == []
    await conn.close()


async def test_isolation_by_default_serializable_under_load(
    api: Api, db: asyncpg.Connection
) -> None:
    """For keys, wallets and endpoints too: nobody repeats what is not money."""
    name = await db.fetchval("select current_database()")
    for isolation in ("serializable", "repeatable read"):
        await db.execute(f"alter database {name} set default_transaction_isolation = '{isolation}'")
        await api.app.services.pool.pool.expire_connections()
        made = [api.post("/v1/webhooks", {"url": "https://example.com"}) for _ in range(10)] + [
            api.post("/v1/keys", {"scope": "read"}) for _ in range(10)
        ]
        made += [api.post("/v1/wallets", {"asset": "USD"}) for _ in range(10)]
        assert {answer.status_code for answer in await asyncio.gather(*made)} == {201}
