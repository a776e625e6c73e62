"""Connections to receivers: when one is used again, and when an answer is not to be trusted."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from relay.webhooks import kept as kept_module
from relay.webhooks.connection import MAX_HEAD
from relay.webhooks.message import Message, Outcome, Target
from relay.webhooks.sender import WebhookSender
from tests.relay.conftest import LOOPBACK
from tests.support.until import until
from tests.support.webhooks import SIGNERS, listening

pytestmark = pytest.mark.once

EMPTY = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"


@dataclass
class Scripted:
    """A receiver that answers each request with the next of `answers`, the last one again and again.

    b"": it closes the connection instead. connections: the requests that each had. closed: how many
    connections have ended.
    """

    answers: list[bytes]
    connections: list[int] = field(default_factory=list)
    requests: list[bytes] = field(default_factory=list)
    closed: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = len(self.connections)
        self.connections.append(0)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                body = await reader.readexactly(2)
                self.connections[number] += 1
                self.requests.append(head + body)
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                if not answer:
                    break
                writer.write(answer)
                await writer.drain()
        self.closed += 1
        writer.close()


@contextlib.asynccontextmanager
async def scripted(*answers: bytes) -> AsyncIterator[tuple[Scripted, WebhookSender, str]]:
    receiver = Scripted(list(answers))
    async with listening(receiver.serve) as port, WebhookSender(LOOPBACK) as sender:
        yield receiver, sender, f"http://127.0.0.1:{port}/"


async def send(sender: WebhookSender, url: str, **more: object) -> Outcome:
    target = Target(url, SIGNERS, timeout_s=5, **more)  # type: ignore[arg-type]
    return await sender.send(Message("id", target, b"{}"))


@pytest.mark.parametrize("answer", [EMPTY, CHUNKED, b"HTTP/1.1 204 No Content\r\n\r\n"])
async def test_a_connection_is_used_again(answer: bytes) -> None:
    async with scripted(answer) as (receiver, sender, url):
        outcomes = [await send(sender, url) for _ in range(5)]
    assert [one.delivered for one in outcomes] == [True] * 5
    assert {one.address for one in outcomes} == {"127.0.0.1"}
    assert receiver.connections == [5]


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n" + b"x" * 5000,
        EMPTY + EMPTY,
        EMPTY + b"HTTP/1.1 500 Later\r\n",
        EMPTY + b"junk",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nab",
    ],
)
async def test_a_connection_that_is_not_to_be_trusted_is_closed(answer: bytes) -> None:
    """What is left in it would be taken for the answer to the next request."""
    async with scripted(answer, EMPTY) as (receiver, sender, url):
        first, second = await send(sender, url), await send(sender, url)
        assert second.delivered
        assert receiver.connections == [1, 1], first
        assert first.status in {200, None}


async def test_bytes_that_nobody_asked_for_close_an_idle_connection() -> None:
    """Between two requests they belong to neither."""
    late = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n{}")
        writer.write(EMPTY)
        await late.wait()
        writer.write(b"HTTP/1.1 500 Not for you\r\nContent-Length: 0\r\n\r\n")
        assert await reader.read() == b""

    async with listening(serve) as port, WebhookSender(LOOPBACK) as sender:
        assert (await send(sender, f"http://127.0.0.1:{port}/")).delivered
        ((_, kept),) = next(iter(sender.kept.idle.values()))
        late.set()

        async def is_closed() -> bool:
            return kept.transport is None

        await until(is_closed)
        assert (await send(sender, f"http://127.0.0.1:{port}/")).delivered


@pytest.mark.parametrize("interim", [b"100 Continue", b"102 Processing", b"103 Early Hints"])
async def test_interim_answers_are_passed_over(interim: bytes) -> None:
    early = b"HTTP/1.1 " + interim + b"\r\nLink: </a>\r\n\r\n"
    async with scripted(early * 3 + b"HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\nno") as (
        receiver,
        sender,
        url,
    ):
        for _ in range(2):
            outcome = await send(sender, url)
            assert (outcome.status, outcome.answer) == (500, "no")
    assert receiver.connections == [2]


async def test_another_protocol_is_a_failed_attempt() -> None:
    switched = b"HTTP/1.1 101 Switching\r\nUpgrade: wat\r\nConnection: Upgrade\r\n\r\n\0\1"
    async with scripted(switched) as (receiver, sender, url):
        for _ in range(2):
            outcome = await send(sender, url)
            assert (outcome.delivered, outcome.status) == (False, 101)
    assert receiver.connections == [1, 1]


async def test_a_kept_connection_that_was_closed_costs_no_attempt() -> None:
    """The receiver closes it as the request comes. The request goes out once more, whole."""
    async with scripted(EMPTY, b"", EMPTY) as (receiver, sender, url):
        assert (await send(sender, url)).delivered
        outcome = await send(sender, url)
    assert outcome.delivered, outcome
    assert receiver.connections == [2, 1]
    assert receiver.requests[1] == receiver.requests[2]


async def test_a_new_connection_that_is_closed_is_a_failed_attempt() -> None:
    async with scripted(b"") as (receiver, sender, url):
        outcome = await send(sender, url)
    assert (outcome.delivered, outcome.status) == (False, None)
    assert outcome.error == "the connection was closed before an answer came"
    assert receiver.connections == [1]


async def test_a_kept_connection_that_ends_within_an_answer_is_not_tried_twice() -> None:
    """The receiver may have done the work."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await reader.readuntil(b"\r\n\r\n{}"))
        writer.write(EMPTY)
        requests.append(await reader.readuntil(b"\r\n\r\n{}"))
        writer.write(b"HTTP/1.1 20")
        writer.close()

    requests: list[bytes] = []
    async with listening(serve) as port, WebhookSender(LOOPBACK) as sender:
        url = f"http://127.0.0.1:{port}/"
        assert (await send(sender, url)).delivered
        outcome = await send(sender, url)
    assert outcome.error == "the connection was closed within the head of the answer"
    assert len(requests) == 2


async def test_a_head_without_end_is_not_read() -> None:
    endless = b"HTTP/1.1 200 OK\r\n" + b"X-A: a\r\n" * (MAX_HEAD // 8 + 1)
    async with scripted(endless) as (_, sender, url):
        outcome = await send(sender, url)
    assert outcome.error == f"the answer's head has more than {MAX_HEAD} bytes"


async def test_idle_connections_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_module, "KEEP_S", 0.2)
    async with scripted(EMPTY) as (receiver, sender, url):
        assert (await send(sender, url)).delivered

        async def is_closed() -> bool:
            return receiver.closed == 1 and not sender.kept.idle

        await until(is_closed)
        assert (await send(sender, url)).delivered
        assert receiver.connections == [1, 1]


async def test_a_busy_connection_is_not_used_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """The receiver's name may have other addresses by now."""
    monkeypatch.setattr(kept_module, "MAX_AGE_S", 0.3)
    async with scripted(EMPTY) as (receiver, sender, url):
        for _ in range(5):
            assert (await send(sender, url)).delivered
            await asyncio.sleep(0.1)
        assert 2 <= len(receiver.connections) <= 3
        assert sum(receiver.connections) == 5


async def test_at_the_end_no_connection_is_left() -> None:
    async with scripted(EMPTY) as (receiver, sender, url):
        await asyncio.gather(*[send(sender, url) for _ in range(5)])
        await sender.__aexit__(None, None, None)

        async def are_closed() -> bool:
            return receiver.closed == len(receiver.connections)

        await until(are_closed)


async def test_a_cancelled_delivery_closes_its_connection() -> None:
    """Its answer, when it comes, is no other's."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        assert await reader.read(10_000)
        assert await reader.read() == b""
        ended.set()

    asked, ended = asyncio.Event(), asyncio.Event()
    async with listening(serve) as port, WebhookSender(LOOPBACK) as sender:
        sending = asyncio.create_task(send(sender, f"http://127.0.0.1:{port}/"))
        await asked.wait()
        await asyncio.sleep(0.05)
        sending.cancel()
        async with asyncio.timeout(5):
            await ended.wait()
        assert not sender.kept.idle


async def test_a_request_says_each_field_once() -> None:
    """An endpoint's own fields replace what is only a default."""
    async with scripted(EMPTY) as (receiver, sender, url):
        await send(sender, url)
        await send(sender, url, headers={"user-agent": "Shop/2", "x-team": "pay"})
    for request, agent in zip(receiver.requests, ("Zerosum-Webhooks/1", "Shop/2"), strict=True):
        line, *fields = request.decode().partition("\r\n\r\n")[0].split("\r\n")
        names = [name.lower() for name, _, _ in (one.partition(":") for one in fields)]
        assert line == "POST / HTTP/1.1"
        assert len(names) == len(set(names))
        told = {
            name: value
            for name, (_, _, value) in zip(names, (f.partition(": ") for f in fields), strict=True)
        }
        assert told["user-agent"] == agent
        assert told["host"] == url.split("/")[2]
        assert told["content-length"] == "2"
        assert told["content-type"] == "application/json"
        assert {"webhook-id", "webhook-timestamp", "webhook-signature"} <= set(names)
