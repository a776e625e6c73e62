"""Endpoints that misbehave: each is a failed attempt with a reason, within limits, and affects no
other endpoint."""

from __future__ import annotations

import asyncio
import contextlib
import json
import resource
import ssl
from pathlib import Path
from socket import AddressFamily

import asyncpg
import pytest
from aiohttp.abc import ResolveResult

from relay.webhooks import backoff
from relay.webhooks.message import Message, Outcome, Target
from relay.webhooks.resolver import GuardedResolver
from relay.webhooks.sender import WebhookSender, asked_wait_s
from tests.relay.conftest import LOOPBACK, RunRelay
from tests.support.ledger import fund, wallets
from tests.support.receiver import Receiver
from tests.support.until import until
from tests.support.webhooks import SIGNERS, Serve, deliveries, listening, settled, subscribe

GIB = 1024**3


async def send(url: str, timeout_s: float = 15) -> Outcome:
    async with WebhookSender(LOOPBACK) as sender:
        return await sender.send(Message("id", Target(url, SIGNERS, timeout_s=timeout_s), b"{}"))


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(10)
    writer.transport.abort()


async def half_open(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read the request, say nothing, and don't close."""
    await reader.read(10_000)
    await asyncio.sleep(60)


async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send a byte now and then, each in time, for ever."""
    with contextlib.suppress(ConnectionError):
        for byte in b"HTTP/1.1 200 OK\r\n" + b"X" * 10_000:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.1)


async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer 200, and a body of a GiB."""
    await reader.read(10_000)
    writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {GIB}\r\n\r\n".encode())
    with contextlib.suppress(ConnectionError):
        for _ in range(GIB // 65536):
            writer.write(b"x" * 65536)
            await writer.drain()
    writer.close()


async def garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9\r\n" * 100)
    await writer.drain()
    writer.close()


@pytest.mark.parametrize("serve", [reset, half_open, trickle, garbage])
async def test_a_failing_endpoint_is_a_failed_attempt_within_the_timeout(
    serve: Serve,
) -> None:
    async with listening(serve) as port:
        async with asyncio.timeout(5):
            outcome = await send(f"http://127.0.0.1:{port}/", timeout_s=1)
    assert not outcome.delivered
    assert outcome.status is None
    assert outcome.error


async def test_a_huge_answer_is_not_read() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with listening(endless) as port:
        async with asyncio.timeout(5):
            outcome = await send(f"http://127.0.0.1:{port}/")
    assert (outcome.delivered, outcome.status) == (True, 200)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


async def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    cert, key = tmp_path / "cert", tmp_path / "key"
    request = ["openssl", "req", "-new", "-x509", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    process = await asyncio.create_subprocess_exec(
        *request, "-out", cert, "-keyout", key, stderr=asyncio.subprocess.DEVNULL
    )
    assert await process.wait() == 0
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(cert, key)
    async with listening(half_open, tls) as port:
        outcome = await send(f"https://127.0.0.1:{port}/")
    assert not outcome.delivered
    assert "certificate" in (outcome.error or "")


async def test_a_name_that_does_not_resolve_is_a_failed_attempt() -> None:
    outcome = await send("https://no.such.host.invalid/")
    assert not outcome.delivered
    assert outcome.error


async def test_a_resolver_that_changes_its_mind_gains_nothing(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A harmless address first and a forbidden one after it, or both at once: only checked
    addresses are used."""
    port = int(receiver.url.rpartition(":")[2])
    answers = [
        ["93.184.216.34"],
        ["127.0.0.1"],
        ["93.184.216.34", "127.0.0.1"],
        ["::ffff:127.0.0.1"],
    ]

    class Rebinding:
        asked = 0

        async def resolve(
            self, host: str, port: int = 0, family: AddressFamily = AddressFamily.AF_INET
        ) -> list[ResolveResult]:
            self.asked += 1
            return [
                ResolveResult(
                    hostname=host, host=address, port=port, family=family, proto=0, flags=0
                )
                for address in answers[self.asked % len(answers)]
            ]

        async def close(self) -> None: ...

    rebinding = Rebinding()
    monkeypatch.setattr("aiohttp.AsyncResolver", lambda **_: rebinding)
    async with WebhookSender(()) as sender:
        for _ in range(8):
            outcome = await sender.send(
                Message(
                    "id", Target(f"https://rebind.example:{port}/", SIGNERS, timeout_s=1), b"{}"
                )
            )
            assert not outcome.delivered
    assert rebinding.asked >= 4
    assert receiver.got == []
    resolver = GuardedResolver((), routable=True)
    rebinding.asked = 1
    with pytest.raises(OSError, match="webhooks may not go"):
        await resolver.resolve("rebind.example", 443)


async def test_410_disables_the_endpoint_and_says_so(
    db: asyncpg.Connection, run_relay: RunRelay, receiver: Receiver
) -> None:
    await wallets(db, ("alice",))
    receiver.answers.append(410)
    gone = await subscribe(db, f"{receiver.url}/gone", ("transaction.posted",))
    await subscribe(db, f"{receiver.url}/other", ("endpoint.*",))
    await fund(db, "alice", 1)
    async with run_relay():
        (told,) = await receiver.until(1, "/other")
        await settled(db, 2)
        await fund(db, "alice", 1)
        await asyncio.sleep(0.5)
    assert (told.event["type"], told.event["data"]["id"]) == ("endpoint.disabled", gone)
    assert told.event["data"]["disabled_reason"] == "it answered 410 Gone"
    assert [r.path for r in receiver.got].count("/gone") == 1


async def test_retry_after_is_waited_for(
    db: asyncpg.Connection, run_relay: RunRelay, receiver: Receiver
) -> None:
    await wallets(db, ("alice",))
    receiver.answers.append(503)
    receiver.headers["Retry-After"] = "3600"
    await subscribe(db, receiver.url)
    await fund(db, "alice", 1)
    async with run_relay():
        await receiver.until(1)
        await until(lambda: deliveries(db))
    (row,) = await deliveries(db)
    wait = await db.fetchval(
        "select extract(epoch from due_at - clock_timestamp()) from ledger.deliveries"
    )
    assert row["status"] == "pending"
    assert 3500 < wait <= 3600


def test_a_wait_that_is_asked_for_is_bounded() -> None:
    assert asked_wait_s("120") == 120
    assert asked_wait_s("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert asked_wait_s("soon") is None
    assert asked_wait_s("-1") is None
    assert asked_wait_s(None) is None
    assert backoff.retry_after_s(1, 10**9) == 24 * 3600
    assert 0.8 <= (backoff.retry_after_s(1) or 0) <= 1.2
    assert backoff.retry_after_s(len(backoff.SCHEDULE_S) + 1) is None


async def test_a_delivery_is_sent_again_when_asked(
    db: asyncpg.Connection, run_relay: RunRelay, receiver: Receiver
) -> None:
    await wallets(db, ("alice",))
    end = await subscribe(db, receiver.url)
    await fund(db, "alice", 1)
    async with run_relay():
        await receiver.until(1)
        await settled(db, 1)
        assert await db.fetchval("select zerosum.resend_delivery(1, $1, 1)", end)
        first, second = await receiver.until(2)
        await settled(db, 1)
    assert (first.id, first.body) == (second.id, second.body)
    listed = await db.fetchval("select body from zerosum.list_deliveries(1, $1, null, 9)", end)
    told = json.loads(listed)
    assert (told["status"], [a["status"] for a in told["attempts"]]) == ("delivered", [204, 204])
    assert not await db.fetchval("select zerosum.resend_delivery(1, $1, 99)", end)
