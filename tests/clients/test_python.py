"""The Python client against a running server, and against a network that loses answers."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import asyncpg
import httpx
import pytest
from zerosum_client import (
    AsyncClient,
    BadSignature,
    Client,
    NoAnswer,
    Problem,
    errors,
    from_units,
    to_units,
    verify,
)
from zerosum_client.core import rising_key
from zerosum_client.pytest_plugin import ZerosumServer

from tests.support.api import KEY
from tests.support.process import ServerProcess
from tests.support.receiver import Receiver

pytestmark = pytest.mark.once


@pytest.fixture
async def client(running_server: ServerProcess) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(running_server.base, KEY) as client:
        yield client


async def test_every_operation_that_a_shop_needs(client: AsyncClient) -> None:
    """Wallets, money, holds, reversals, lists, proofs; both spellings of an amount."""
    for wallet in ("alice", "shop"):
        made = await client.create_wallet(id=wallet, asset="USD", metadata={"user": wallet})
        assert made["status"] == "open"
    await client.create_credit(wallet="alice", amount=to_units("10.00", 2), reference="r")
    moved = await client.create_transfer(source="alice", destination="shop", amount="250")
    assert moved["postings"][0]["amount"] == 250
    assert moved["idempotency_key"]
    held = await client.create_hold(source="alice", destination="shop", amount=100)
    captured = await client.capture_hold(held["id"], amount=60, final=True)
    assert captured["hold"]["status"] == "captured"
    back = await client.reverse_transaction(moved["id"], amount=50)
    assert back["reverses"] == moved["id"]
    alice = await client.read_wallet("alice")
    assert from_units(alice["available"], 2) == Decimal("7.40")
    changed = await client.change_wallet("alice", max_balance=None, metadata={"vip": True})
    assert changed["metadata"] == {"vip": True}
    assert [one["id"] async for one in client.each_wallets(metadata={"vip": "true"})] == ["alice"]
    rehearsed = await client.create_debit(wallet="alice", amount=1, dry_run=True)
    assert rehearsed["kind"] == "debit"
    assert (await client.read_proof())["assets"][0]["sum"] == 0
    results = await client.create_batch(
        transactions=[
            {"postings": [{"source": "alice", "destination": "shop", "amount": 1}]},
            {"postings": [{"source": "alice", "destination": "nobody", "amount": 1}]},
        ]
    )
    assert [one["status"] for one in results["results"]] == [201, 422]
    entries = [entry["version"] async for entry in client.each_entries("alice", limit=2)]
    assert entries == sorted(entries, reverse=True)
    assert len(entries) > 2


@pytest.mark.slow
async def test_each_code_is_a_class_with_its_facts(client: AsyncClient) -> None:
    await client.create_wallet(id="alice", asset="USD")
    await client.create_wallet(id="bob", asset="USD")
    with pytest.raises(errors.InsufficientFunds) as caught:
        await client.create_transfer(source="alice", destination="bob", amount=5)
    assert caught.value.facts["available"] == 0
    assert "Move less" in caught.value.detail
    with pytest.raises(errors.NotFound):
        await client.read_wallet("nobody")
    # A slash in an id is no separator.
    with pytest.raises(errors.NotFound):
        await client.freeze_wallet("alice/unfreeze")
    async with AsyncClient(str(client.http.base_url), "zs_" + "wrong" * 5, retries=0) as stranger:
        with pytest.raises(errors.Unauthorized):
            await stranger.read_proof()


@pytest.mark.slow
async def test_the_blocking_client_has_the_same(running_server: ServerProcess) -> None:
    def work() -> list[str]:
        with Client(running_server.base, KEY) as client:
            for n in range(5):
                client.create_wallet(id=f"w{n}", asset="USD")
            return [wallet["id"] for wallet in client.each_wallets(prefix="w", limit=2)]

    assert await asyncio.to_thread(work) == [f"w{n}" for n in range(5)]


class Lossy(httpx.AsyncBaseTransport):
    """A network that does to each request what its script says: `lose` the answer, `refuse` the
    connection, answer a `problem` itself, or let it pass."""

    def __init__(self, *script: str | tuple[int, str]) -> None:
        self.script = list(script)
        self.keys: list[str | None] = []
        self.inner = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.keys.append(request.headers.get("idempotency-key"))
        step = self.script.pop(0) if self.script else "pass"
        if step == "refuse":
            raise httpx.ConnectError("refused")
        if isinstance(step, tuple):
            body = {"code": step[1], "title": "t", "detail": "d"}
            return httpx.Response(step[0], json=body, headers={"Retry-After": "0"})
        answer = await self.inner.handle_async_request(request)
        if step == "lose":
            await answer.aread()
            raise httpx.ReadError("lost")
        return answer

    async def aclose(self) -> None:
        await self.inner.aclose()


SCRIPTS: list[tuple[str | tuple[int, str], ...]] = [
    ("lose", "lose"),
    ("refuse", "lose"),
    ((503, "outcome_unknown"), "lose"),
    ((409, "request_in_progress"), (503, "queue_full")),
    ((429, "rate_limited"), (500, "internal_error")),
    ((502, "bad gateway"), (504, "timeout")),
]


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS)
async def test_money_moves_once_however_often_it_is_sent(
    running_server: ServerProcess, db: asyncpg.Connection, script: tuple[Any, ...]
) -> None:
    network = Lossy(*script)
    async with AsyncClient(running_server.base, KEY, transport=network) as client:
        network.script = []
        await client.create_wallet(id="alice", asset="USD")
        network.script, network.keys = list(script), []
        made = await client.create_credit(wallet="alice", amount=7)
        assert len(set(network.keys)) == 1
        assert len(network.keys) == 3
        assert made["idempotency_key"] == network.keys[0]
    assert await db.fetchval("select posted from ledger.wallets where id = 'alice'") == 7


@pytest.mark.slow
async def test_what_has_no_key_is_not_sent_twice_once_it_may_have_arrived(
    running_server: ServerProcess,
) -> None:
    network = Lossy("refuse", "lose")
    async with AsyncClient(running_server.base, KEY, transport=network) as client:
        with pytest.raises(NoAnswer) as caught:
            await client.create_key(scope="read")
        assert caught.value.idempotency_key is None
        assert len(network.keys) == 2
        network.script = ["lose"] * 9
        with pytest.raises(NoAnswer) as caught:
            await client.create_credit(wallet="alice", amount=7, idempotency_key="mine")
        assert caught.value.idempotency_key == "mine"
        network.script = [(503, "database_unavailable")] * 9
        with pytest.raises(errors.DatabaseUnavailable):
            await client.read_proof()


@pytest.mark.slow
async def test_webhooks_are_verified(client: AsyncClient) -> None:
    async with Receiver() as receiver:
        made = await client.create_webhook(url=receiver.url, types=["transaction.*"])
        keyed = await client.create_webhook(url=f"{receiver.url}/ed", signing="asymmetric")
        await client.create_wallet(id="alice", asset="USD")
        await client.create_credit(wallet="alice", amount=7)
        (got,) = await receiver.until(1, "/")
        (other,) = await receiver.until(1, "/ed")
    secret = str(made["secret"])
    event = verify(got.body, got.headers, secret)
    assert event["data"]["postings"][0]["amount"] == 7
    assert verify(got.body, got.headers, ["whsec_" + "A" * 44, secret])["id"] == event["id"]
    assert verify(other.body, other.headers, keyed["public_keys"])["type"]
    for body, headers, known in (
        (got.body + b" ", got.headers, secret),
        (got.body, {**got.headers, "webhook-id": "x"}, secret),
        (got.body, {**got.headers, "webhook-timestamp": "1"}, secret),
        (got.body, {**got.headers, "webhook-signature": "v1,junk v1a,AAAA"}, secret),
        (got.body, {}, secret),
        (other.body, other.headers, secret),
    ):
        with pytest.raises(BadSignature):
            verify(body, headers, known)


@pytest.mark.slow
async def test_the_feed_is_followed(client: AsyncClient) -> None:
    await client.create_wallet(id="alice", asset="USD")
    for _ in range(3):
        await client.create_credit(wallet="alice", amount=1)
    seqs = []
    async with asyncio.timeout(20):
        async for event in client.follow_events(types="transaction.*"):
            seqs.append(event["seq"])
            if len(seqs) == 3:
                await client.create_credit(wallet="alice", amount=1)
            if len(seqs) == 4:
                break
    assert seqs == [1, 2, 3, 4]


def test_amounts_are_exact() -> None:
    assert to_units("12.5", 2) == 1250
    assert to_units(Decimal("0.10"), 2) == 10
    assert to_units(3, 0) == 3
    assert to_units("9" * 36, 2) == int("9" * 36 + "00")
    assert str(from_units(1250, 2)) == "12.50"
    assert str(from_units(10**38 - 1, 2)) == "9" * 36 + ".99"
    assert str(from_units(1, 38)) == "1E-38"
    assert str(from_units("-5", 0)) == "-5"
    for bad in ("1.005", "x", "NaN", 1.5, True):
        with pytest.raises(ValueError, match=r"float|amount|decimal places"):
            to_units(bad, 2)  # type: ignore[arg-type]


def test_drawn_keys_rise_with_time() -> None:
    """(RFC 9562's version 7.)"""
    before = time.time_ns() // 1_000_000
    drawn = [uuid.UUID(rising_key()) for _ in range(1000)]
    after = time.time_ns() // 1_000_000
    assert {(one.version, one.variant) for one in drawn} == {(7, uuid.RFC_4122)}
    times = [one.int >> 80 for one in drawn]
    assert before <= times[0]
    assert times == sorted(times)
    assert times[-1] <= after
    assert len(set(drawn)) == 1000


def test_a_key_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ZEROSUM_API_KEY", raising=False)
    with pytest.raises(ValueError, match="ZEROSUM_API_KEY"):
        Client("http://127.0.0.1:1")
    with pytest.raises(Problem):
        raise errors.BY_CODE["wallet_busy"](json.loads('{"code": "wallet_busy"}'), 503)


@pytest.mark.slow
def test_the_fixture_gives_each_test_a_ledger(
    zerosum_client: Client, zerosum_server: ZerosumServer
) -> None:
    assert list(zerosum_client.each_wallets()) == []
    zerosum_client.create_wallet(id="alice", asset="USD")
    assert zerosum_client.read_proof()["ledger"].startswith("test-")
    with Client(zerosum_server.url, zerosum_server.key) as main:
        assert main.read_proof()["ledger"] == "main"
