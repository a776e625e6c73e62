"""Receivers as they are: whatever a receiver answers, or does not, becomes an attempt, and affects
no other endpoint."""

from __future__ import annotations

import asyncio
import socket
import statistics
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest
from aiohttp.abc import ResolveResult

from relay.webhooks import connection as connection_module
from relay.webhooks import resolver as resolver_module
from relay.webhooks.dialler import Dialler
from relay.webhooks.message import Message, Target
from relay.webhooks.policy import WebhookPolicy
from relay.webhooks.resolver import GuardedResolver
from relay.webhooks.sender import WebhookSender
from tests.relay.conftest import LOOPBACK, RunRelay
from tests.support.ledger import fund, wallets
from tests.support.receiver import Receiver
from tests.support.webhooks import SIGNERS, deliveries, listening, settled, subscribe

HEAD = b"HTTP/1.1 200 OK\r\n"
TAKEN = {
    "a field of 9,000 bytes": HEAD + b"X-A: " + b"a" * 9_000 + b"\r\nContent-Length: 0\r\n\r\n",
    "a field of 100,000 bytes": HEAD + b"X-A: " + b"a" * 100_000 + b"\r\nContent-Length: 0\r\n\r\n",
    "129 fields": HEAD + b"X-A: a\r\n" * 129 + b"Content-Length: 0\r\n\r\n",
    "3,000 fields": HEAD + b"X-A: a\r\n" * 3_000 + b"Content-Length: 0\r\n\r\n",
    "a body cut off": HEAD + b"Content-Length: 500\r\n\r\nhello",
    "chunks cut off": HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhel",
    "chunks that are none": HEAD + b"Transfer-Encoding: chunked\r\n\r\nzzz\r\nhello",
    "no gzip": HEAD + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
    "an unknown encoding": HEAD + b"Content-Encoding: wat\r\nContent-Length: 5\r\n\r\nhello",
    "another charset": HEAD
    + b"Content-Type: text/plain; charset=wat\r\nContent-Length: 1\r\n\r\n\xff",
    "202": b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n",
    "299": b"HTTP/1.1 299 Whatever\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.0": b"HTTP/1.0 200 OK\r\n\r\nhello",
}


async def answered(text: bytes, stay: bool = False) -> Any:
    """Return the outcome of a message to a receiver that answers these bytes. stay: it leaves the
    connection open."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(text)
        await writer.drain()
        if stay:
            await asyncio.sleep(60)
        else:
            writer.close()
            await writer.wait_closed()

    async with listening(serve) as port, WebhookSender(LOOPBACK) as sender:
        message = Message("id", Target(f"http://127.0.0.1:{port}/", SIGNERS), b"{}")
        return await sender.send(message)


@pytest.mark.parametrize("kind", TAKEN)
async def test_any_2xx_takes_it(kind: str) -> None:
    outcome = await answered(TAKEN[kind])
    assert outcome.delivered, outcome
    assert 200 <= outcome.status < 300


@pytest.mark.parametrize("length", [b"500", b"99999999999999"])
async def test_a_body_that_never_ends_is_not_waited_for(
    length: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_module, "READ_S", 0.2)
    outcome = await answered(HEAD + b"Content-Length: " + length + b"\r\n\r\nhello", stay=True)
    assert outcome.delivered
    assert outcome.duration_ms < 5_000


@pytest.mark.parametrize(
    "asked",
    [
        "Wed, 21 Oct 99999999999 07:28:00 GMT",
        "Mon, 99999999999 Jan 2030 00:00:00 GMT",
        "Wed, 21 Oct 2030 07:28:00 +99999999",
        "9" * 400,
        "-5",
        "\xb2",
        "Wed, 31 Feb 2030 00:00:00 GMT",
    ],
)
async def test_an_absurd_retry_after_wedges_nothing(
    db: asyncpg.Connection,
    run_relay: RunRelay,
    receiver: Receiver,
    asked: str,
) -> None:
    """An attempt is recorded. The next one comes by the schedule, or in a day at most."""
    await wallets(db, ("alice",))
    receiver.answers.append(503)
    receiver.headers["Retry-After"] = asked
    await subscribe(db, receiver.url)
    await fund(db, "alice", 1)
    async with run_relay():
        if asked.isdigit() and asked.isascii():
            await receiver.until(1)
            while not await deliveries(db):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            due = "select due_at < clock_timestamp() + interval '25 h' from ledger.deliveries"
            assert await db.fetchval(due)
        else:
            await receiver.until(2)
            await settled(db, 1)


async def test_whatever_sending_meets_is_an_attempt(
    db: asyncpg.Connection,
    run_relay: RunRelay,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    failures: list[Exception] = [OverflowError("year"), AttributeError("None"), KeyError("k")]
    real = Dialler.open

    def failing(self: Dialler, *arguments: Any) -> Any:
        if failures:
            raise failures.pop()
        return real(self, *arguments)

    monkeypatch.setattr(Dialler, "open", failing)
    await wallets(db, ("alice",))
    await subscribe(db, receiver.url)
    await fund(db, "alice", 1)
    async with run_relay(policy=WebhookPolicy((0.05, 0.05, 0.05, 0.05))):
        await receiver.until(1)
        await settled(db, 1)
    assert await db.fetchval("select count(*) from ledger.attempts") == 3


@pytest.mark.parametrize(
    "target",
    [
        "/h%7E?sig=a%2Fb%3D%40",
        "/a//b/../c/./d",
        "/?x=%zz&y=+&z=%20",
        "/%e4%C3%A4;v=1?a=b=c&&d",
        "/h?X-Amz-Signature=ab%2B%2F%3D&e=1",
        "?only=query",
    ],
)
async def test_the_url_is_sent_byte_for_byte(target: str) -> None:
    lines: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines.append((await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[0])
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(1)

    async with listening(serve) as port, WebhookSender(LOOPBACK) as sender:
        url = f"http://127.0.0.1:{port}{target}"
        assert (await sender.send(Message("id", Target(url, SIGNERS), b"{}"))).delivered
    wanted = target if target.startswith("/") else f"/{target}"
    assert lines == [f"POST {wanted} HTTP/1.1".encode()]


@pytest.fixture
async def silent_dns(tmp_path: Path) -> AsyncIterator[str]:
    """The address of a name server that never answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{server.getsockname()[1]}"


async def latencies(
    db: asyncpg.Connection, receiver: Receiver, count: int, pause_s: float
) -> list[float]:
    """Return how long after each of so many credits its event arrived at the good endpoint."""
    took = []
    for _ in range(count):
        before = len([one for one in receiver.got if one.path == "/good"])
        began = time.monotonic()
        await fund(db, "alice", 1)
        await receiver.until(before + 1, "/good")
        took.append(time.monotonic() - began)
        await asyncio.sleep(pause_s)
    return took


@pytest.mark.slow
async def test_dead_name_servers_delay_only_their_own_endpoints(
    db: asyncpg.Connection,
    run_relay: RunRelay,
    receiver: Receiver,
    silent_dns: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Names in the hosts file are found at once. Twenty names that nobody answers hold no thread."""
    resolver = aiohttp.AsyncResolver

    def asking(**given: Any) -> aiohttp.AsyncResolver:
        return resolver(nameservers=[silent_dns], **given)

    monkeypatch.setattr(aiohttp, "AsyncResolver", asking)
    await wallets(db, ("alice",))
    for n in range(20):
        await subscribe(db, f"https://bad{n}.test/hook")
    await subscribe(db, receiver.url.replace("127.0.0.1", "localhost") + "/good")
    async with run_relay():
        took = await latencies(db, receiver, 20, 0.05)
    assert statistics.median(took) < 1
    assert max(took) < 3
    tried = await db.fetch("select status from ledger.deliveries where endpoint_id = 21")
    assert {row["status"] for row in tried} <= {"delivered"}


@pytest.mark.slow
async def test_hanging_endpoints_leave_the_others_their_connections(
    db: asyncpg.Connection, run_relay: RunRelay, receiver: Receiver
) -> None:
    """200 endpoints with a backlog, of which 50 hang: more than any pool of connections would have.
    What the others get takes no longer than their own number takes."""
    await wallets(db, ("alice",))
    for n in range(50):
        await subscribe(db, f"{receiver.url}/hang{n}")
    for n in range(149):
        await subscribe(db, f"{receiver.url}/shop{n}")
    await subscribe(db, f"{receiver.url}/good")
    for _ in range(20):
        await fund(db, "alice", 1)
    async with run_relay():
        await receiver.until(20, "/good")
        for n in range(149):
            await receiver.until(20, f"/shop{n}")
        took = await latencies(db, receiver, 20, 0)
    assert statistics.median(took) < 3
    failed = "select count(*) from ledger.attempts a where a.endpoint_id > 50"
    assert await db.fetchval(failed) == 0


async def test_what_c_ares_has_lost_the_system_resolves(caplog: pytest.LogCaptureFixture) -> None:
    """A new channel is opened; a name that nobody knows is an error all the same."""
    resolver = GuardedResolver(LOOPBACK, routable=False)
    first = resolver.inner

    async def lost(*_: Any) -> Any:
        raise OSError(None, "Timeout while contacting DNS servers")

    first.resolve = lost  # type: ignore[assignment]
    found = await resolver.resolve("localhost", 80)
    assert {result["host"] for result in found} == {"127.0.0.1"}
    assert resolver.inner is not first
    assert [r.getMessage() for r in caplog.records if "a new channel" in r.getMessage()]
    with pytest.raises(OSError, match=r"(?i)name|known|found"):
        await resolver.resolve("no.such.invalid", 80)
    assert resolver.threads == 0
    await resolver.close()


async def test_the_systems_resolver_holds_few_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred names of silent servers take a few threads, and each look-up ends."""
    ended = threading.Event()

    def hangs(*_: Any) -> list[ResolveResult]:
        ended.wait(10)
        raise OSError("no answer")

    monkeypatch.setattr(resolver_module, "by_system", hangs)
    monkeypatch.setattr(resolver_module, "SYSTEM_S", 0.2)
    resolver = GuardedResolver((), routable=True)

    async def lost(*_: Any) -> Any:
        raise OSError(None, "Timeout while contacting DNS servers")

    resolver.inner.resolve = lost  # type: ignore[assignment]
    names = (resolver.resolve(f"bad{n}.test", 80) for n in range(100))
    failed = await asyncio.gather(*names, return_exceptions=True)
    assert all(isinstance(error, OSError) for error in failed)
    assert resolver.threads == resolver_module.THREADS
    ended.set()
    while resolver.threads:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    await resolver.close()
