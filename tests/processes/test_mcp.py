"""`zerosum mcp`, as an agent uses it: the official SDK's own client over standard input and
output."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import jsonschema
import pytest
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

from tests.support.api import KEY
from tests.support.process import ServerProcess

pytestmark = [pytest.mark.once, pytest.mark.slow]


@contextlib.asynccontextmanager
async def agent(url: str, *options: str, key: str = KEY) -> AsyncIterator[ClientSession]:
    environ = {**os.environ, "ZEROSUM_API_KEY": key, "ZEROSUM_URL": url}
    command = StdioServerParameters(
        command=sys.executable, args=["-m", "app", "mcp", *options], env=environ
    )
    async with stdio_client(command) as (reading, writing), ClientSession(reading, writing) as one:
        await one.initialize()
        yield one


async def ask(one: ClientSession, name: str, **arguments: Any) -> tuple[bool, Any]:
    """Return whether it was an error, and what was answered."""
    result: Any = await one.call_tool(name, arguments)
    text = result.content[0].text
    try:
        return bool(result.is_error), json.loads(text)
    except ValueError:
        return bool(result.is_error), text


async def test_an_agent_reads_rehearses_and_moves(
    running_server: ServerProcess, db: asyncpg.Connection
) -> None:
    async with running_server.client() as client, agent(running_server.base) as one:
        for wallet in ("alice", "bob"):
            await client.post("/v1/wallets", json={"id": wallet, "asset": "USD"})
        listed = (await one.list_tools()).tools
        for tool in listed:
            jsonschema.Draft202012Validator.check_schema(tool.input_schema)
            moves = tool.annotations is not None and tool.annotations.destructive_hint
            required = tool.input_schema["required"]
            assert ("idempotency_key" in required and "dry_run" in required) == bool(moves)
            assert ("dry_run" in (tool.description or "")) == bool(moves), tool.name
        credit = {"wallet": "alice", "amount": 500, "idempotency_key": "a"}
        failed, shown = await ask(one, "create_credit", **credit, dry_run=True)
        assert (failed, shown["kind"]) == (False, "credit")
        assert await db.fetchval("select count(*) from ledger.transactions") == 0
        for _ in range(2):
            failed, made = await ask(one, "create_credit", **credit, dry_run=False)
            assert not failed, made
        assert await db.fetchval("select count(*) from ledger.transactions") == 1
        moved = {"source": "alice", "destination": "bob", "amount": "200", "dry_run": False}
        failed, made = await ask(one, "create_transfer", **moved, idempotency_key="b")
        assert made["entries"][1]["balance"] == "200"
        failed, wallet = await ask(one, "read_wallet", id="alice")
        assert wallet["available"] == "300"
        failed, page = await ask(one, "list_wallets", prefix="b", limit=5)
        assert [found["id"] for found in page["data"]] == ["bob"]
        # A hold, captured in part; a reversal.
        held = {"source": "alice", "destination": "bob", "amount": 100, "dry_run": False}
        _, hold = await ask(one, "create_hold", **held, idempotency_key="c")
        taken = {"id": hold["id"], "amount": 40, "dry_run": False, "idempotency_key": "d"}
        failed, captured = await ask(one, "capture_hold", **taken)
        assert captured["hold"]["remaining"] == "60"
        back = {"id": made["id"], "idempotency_key": "e", "dry_run": False}
        failed, reversal = await ask(one, "reverse_transaction", **back)
        assert reversal["reverses"] == made["id"]


async def test_what_does_not_fit_does_nothing(
    running_server: ServerProcess, db: asyncpg.Connection
) -> None:
    async with running_server.client() as client, agent(running_server.base) as one:
        await client.post("/v1/wallets", json={"id": "alice", "asset": "USD"})
        credit = {"wallet": "alice", "amount": 5, "idempotency_key": "a"}
        for given in (
            credit,
            {**credit, "dryrun": True},
            {**credit, "dry_run": False, "dryRun": True},
            {"wallet": "alice", "amount": 5, "dry_run": False},
        ):
            failed, told = await ask(one, "create_credit", **given)
            assert failed
            assert "nothing was done" in told
        failed, told = await ask(one, "create_debit", **credit, dry_run=False)
        assert (failed, told["code"]) == (True, "insufficient_funds")
        failed, _ = await ask(one, "create_key", scope="admin")
        assert failed
    assert await db.fetchval("select count(*) from ledger.transactions") == 0


async def test_an_agent_can_be_limited_to_reading(running_server: ServerProcess) -> None:
    """By the command, and by the key."""
    async with running_server.client() as client:
        await client.post("/v1/wallets", json={"id": "alice", "asset": "USD"})
        key = (await client.post("/v1/keys", json={"scope": "read"})).json()["key"]
    credit = {"wallet": "alice", "amount": 5, "idempotency_key": "a", "dry_run": False}
    async with agent(running_server.base, "--read-only") as one:
        tools = (await one.list_tools()).tools
        assert all(tool.annotations and tool.annotations.read_only_hint for tool in tools)
        failed, told = await ask(one, "create_credit", **credit)
        assert (failed, "no tool" in told) == (True, True)
        failed, wallet = await ask(one, "read_wallet", id="alice")
        assert (failed, wallet["posted"]) == (False, "0")
    async with agent(running_server.base, key=key) as one:
        failed, told = await ask(one, "create_credit", **credit)
        assert (failed, told["code"]) == (True, "forbidden")


async def test_a_server_that_is_away_is_said() -> None:
    async with agent("http://127.0.0.1:9") as one:
        failed, told = await ask(one, "read_proof")
        assert failed
        assert "no answer came" in told
