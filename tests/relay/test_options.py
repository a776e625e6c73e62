"""How an endpoint is sent to is its own: header fields, amounts, time limit, concurrency, pace."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import asyncpg
import pytest
from standardwebhooks import Webhook

from relay.webhooks import endpoint as module
from tests.relay.conftest import RunRelay
from tests.support.ledger import codes, req, verify
from tests.support.receiver import Receiver
from tests.support.until import until
from tests.support.webhooks import SECRET, deliveries, listening, settled, subscribe

CHANGE = "select zerosum.change_endpoint(1, $1, $2)"


async def to_bob(db: asyncpg.Connection, url: str, **options: Any) -> int:
    """Create an endpoint for what comes to bob, with these options."""
    endpoint = await subscribe(db, url)
    await db.execute(CHANGE, endpoint, json.dumps({"wallets": ["bob"], **options}))
    return endpoint


async def move(db: asyncpg.Connection, times: int = 1) -> None:
    for _ in range(times):
        assert await codes(db, req(("alice", "bob", 1))) == ["posted"]


async def test_header_fields_are_sent_along_and_never_sign(
    moved: asyncpg.Connection, run_relay: RunRelay, receiver: Receiver
) -> None:
    """Not even one that came into the database past the API stands before ours."""
    fields = {"authorization": "Bearer abc", "user-agent": "shop", "webhook-signature": "v1,none"}
    await to_bob(moved, receiver.url, headers=json.dumps(fields), header_names=list(fields))
    async with run_relay():
        await move(moved)
        (got,) = await receiver.until(1)
    assert got.headers["authorization"] == "Bearer abc"
    assert got.headers["user-agent"] == "shop"
    assert got.headers["content-type"] == "application/json"
    Webhook(SECRET).verify(got.body, got.headers)
    told = await moved.fetchval("select string_agg(payload::text, '') from ledger.outbox")
    assert "abc" not in (told or "")


async def test_amounts_are_strings_where_the_endpoint_wants_them(
    moved: asyncpg.Connection, run_relay: RunRelay, receiver: Receiver
) -> None:
    await to_bob(moved, f"{receiver.url}/strings", amounts="string")
    await to_bob(moved, f"{receiver.url}/integers")
    async with run_relay():
        asked = req(("alice", "bob", 7), metadata='{"amount": 3.10}')
        assert await codes(moved, asked) == ["posted"]
        (quoted,) = await receiver.until(1, "/strings")
        (plain,) = await receiver.until(1, "/integers")
    Webhook(SECRET).verify(quoted.body, quoted.headers)
    assert quoted.event["data"]["postings"][0]["amount"] == "7"
    assert plain.event["data"]["postings"][0]["amount"] == 7
    assert b"3.10" in quoted.body
    assert quoted.id == plain.id


async def test_its_time_limit_is_its_own(
    moved: asyncpg.Connection, run_relay: RunRelay, receiver: Receiver
) -> None:
    await to_bob(moved, f"{receiver.url}/hang", timeout_s=1)
    async with run_relay():
        await move(moved)

        async def is_tried() -> bool:
            return any(row["attempts"] for row in await deliveries(moved))

        await until(is_tried)
    (row,) = await deliveries(moved)
    assert row["last_error"] == "no answer within 1 s"
    assert 900 <= row["duration_ms"] < 3000


@pytest.mark.parametrize("limit", [1, 3])
async def test_no_more_are_on_their_way_than_it_takes(
    moved: asyncpg.Connection, run_relay: RunRelay, limit: int
) -> None:
    now = most = answered = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal now, most, answered
        while await reader.readuntil(b"\r\n\r\n"):
            now += 1
            most = max(most, now)
            await asyncio.sleep(0.05)
            now -= 1
            answered += 1
            writer.write(b"HTTP/1.1 500 no\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
            return

    async with listening(serve) as port:
        await to_bob(moved, f"http://127.0.0.1:{port}/", concurrency=limit)
        await move(moved, 12)

        async def are_answered() -> bool:
            return answered >= 12

        async with run_relay():
            await until(are_answered)
    assert most == limit


async def test_its_pace_is_kept_and_no_retry_is_lost(
    moved: asyncpg.Connection, run_relay: RunRelay, receiver: Receiver
) -> None:
    await to_bob(moved, f"{receiver.url}/slow", rate_limit="10/second")
    await to_bob(moved, f"{receiver.url}/fast")
    await move(moved, 15)
    async with run_relay():
        await receiver.until(1, "/slow")
        began = time.monotonic()
        await receiver.until(15, "/fast")
        assert len([one for one in receiver.got if one.path == "/slow"]) < 15
        await receiver.until(15, "/slow")
        assert time.monotonic() - began >= 1.3
        rows = await settled(moved, 30)
    assert {(row["status"], row["attempts"]) for row in rows} == {("delivered", 1)}
    assert await verify(moved) == []


@pytest.mark.slow
async def test_what_waits_goes_to_the_endpoint_as_it_is_by_then(
    moved: asyncpg.Connection,
    run_relay: RunRelay,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A slow pace keeps events waiting while the URL changes, and while it is disabled."""
    monkeypatch.setattr(module, "STALE_S", 0.2)
    target = await to_bob(moved, f"{receiver.url}/old", rate_limit="5/second")
    await move(moved, 12)
    async with run_relay():
        await receiver.until(2, "/old")
        await moved.execute(CHANGE, target, json.dumps({"url": f"{receiver.url}/new"}))
        await receiver.until(3, "/new")
        await moved.execute("select zerosum.disable_endpoint(1, $1, 'by hand')", target)
        await asyncio.sleep(1)
        left = 12 - len(receiver.got)
        assert left > 0
        await asyncio.sleep(0.5)
        assert len(receiver.got) == 12 - left
        await moved.execute("select zerosum.enable_endpoint(1, $1)", target)
        await settled(moved, 12)
    ids = [one.id for one in receiver.got]
    assert len(ids) == len(set(ids)) == 12
    assert sum(one.path == "/old" for one in receiver.got) < 6
    assert await verify(moved) == []


@pytest.mark.parametrize("ordered", [False, True])
async def test_what_is_read_anew_is_never_passed_over(
    moved: asyncpg.Connection,
    run_relay: RunRelay,
    monkeypatch: pytest.MonkeyPatch,
    ordered: bool,
) -> None:
    """What waits is read anew again and again, also while new events are being read."""
    monkeypatch.setattr(module, "STALE_S", 0.01)
    came: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            await reader.readexactly(int(head.split("content-length: ")[1].split("\r\n")[0]))
            await asyncio.sleep(0.02)
            came.append(head.split("webhook-id: ")[1].split("\r\n")[0])
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            await writer.drain()

    async with listening(serve) as port:
        await to_bob(moved, f"http://127.0.0.1:{port}/", concurrency=3, ordered=ordered)
        async with run_relay():
            for _ in range(60):
                await move(moved)
                await asyncio.sleep(0.005)
            await settled(moved, 60)
    assert len(came) == len(set(came)) == 60
    assert await verify(moved) == []
