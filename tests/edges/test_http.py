"""HTTP as clients and load balancers speak it, over raw sockets of a real server."""

from __future__ import annotations

import asyncio
import contextlib
import json
import resource
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.http import uvicorn_protocol
from app.settings import read_settings
from tests.support.api import KEY
from tests.support.process import ServerProcess
from tests.support.rooms import let_in

PAY = b'{"source":"alice","destination":"bob","amount":1}'
JSON = f"Authorization: Bearer {KEY}\r\nContent-Type: application/json\r\n".encode()
H2C = (
    b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
    b"HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\n"
)


def post(*fields: bytes, body: bytes = PAY, length: bool = True) -> bytes:
    sized = f"Content-Length: {len(body)}\r\n".encode() if length else b""
    return b"POST /v1/transfers HTTP/1.1\r\nHost: zerosum\r\n" + JSON + b"".join(fields) + sized


def chunked(body: bytes) -> bytes:
    parts = [body[i : i + 7] for i in range(0, len(body), 7)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


class Wire:
    """A connection to the server, byte by byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, *writes: bytes, pause_s: float = 0.02) -> None:
        for data in writes:
            self.writer.write(data)
            await self.writer.drain()
            await asyncio.sleep(pause_s)

    async def answer(self) -> tuple[int, bytes]:
        """Return status and body of the next answer that is not 100 Continue; status 0: the server
        has closed."""
        async with asyncio.timeout(30):
            try:
                head = await self.reader.readuntil(b"\r\n\r\n")
                status = int(head.split()[1])
                if status == 100:
                    return await self.answer()
                length = int(head.lower().split(b"content-length:")[1].split()[0])
                return status, await self.reader.readexactly(length)
            except (asyncio.IncompleteReadError, ConnectionError):
                return 0, b""


@contextlib.asynccontextmanager
async def wire(server: ServerProcess) -> AsyncIterator[Wire]:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    yield Wire(reader, writer)
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


@pytest.fixture(scope="module")
async def serving(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[ServerProcess]:
    """A server over an embedded Postgres, where alice has money. Its idle connections end after 2
    s."""
    room = tmp_path_factory.mktemp("http")
    server = ServerProcess(room, ZEROSUM_KEEP_ALIVE="2", ZEROSUM_LOG_REQUESTS="0")
    let_in(room)
    await server.start()
    async with server.client() as client:
        for name in ("alice", "bob"):
            await client.post("/v1/wallets", json={"id": name, "asset": "USD"})
        await client.post("/v1/credits", json={"wallet": "alice", "amount": 10**6})
    yield server
    said = await server.end()
    assert "Traceback" not in said
    assert server.process is not None
    assert server.process.returncode == 0


FORMS = {
    "plain": [post() + b"\r\n" + PAY],
    "h2c": [post(H2C) + b"\r\n" + PAY],
    "h2c, in two writes": [post(H2C) + b"\r\n", PAY],
    "h2c, in the middle of a field": [post(H2C)[:-60], post(H2C)[-60:] + b"\r\n" + PAY],
    "h2c, byte by byte": [bytes([byte]) for byte in post(H2C) + b"\r\n" + PAY],
    "h2c, lower case": [post(H2C.lower()) + b"\r\n" + PAY],
    "websocket": [post(b"Connection: Upgrade\r\nUpgrade: websocket\r\n") + b"\r\n" + PAY],
    "chunked": [post(b"Transfer-Encoding: chunked\r\n", length=False) + b"\r\n" + chunked(PAY)],
    "chunked, in two writes": [
        post(b"Transfer-Encoding: chunked\r\n", length=False) + b"\r\n",
        chunked(PAY),
    ],
    "h2c, chunked": [
        post(H2C, b"Transfer-Encoding: chunked\r\n", length=False) + b"\r\n",
        chunked(PAY),
    ],
    "expect": [post(b"Expect: 100-continue\r\n") + b"\r\n", PAY],
    "expect, h2c": [post(b"Expect: 100-continue\r\n", H2C) + b"\r\n", PAY],
    "body byte by byte": [post() + b"\r\n", *(bytes([byte]) for byte in PAY)],
}


@pytest.mark.parametrize("form", FORMS)
async def test_every_form_of_a_request_is_answered_in_http_1_1(
    serving: ServerProcess, form: str
) -> None:
    """So is the next request on the connection."""
    pause_s = 0.001 if "byte" in form else 0.05
    async with wire(serving) as one:
        for _ in range(2):
            await one.send(*FORMS[form], pause_s=pause_s)
            status, body = await one.answer()
            assert (status, json.loads(body)["kind"]) == (201, "transfer")
        await one.send(b"GET /healthz HTTP/1.1\r\nHost: zerosum\r\n\r\n")
        assert (await one.answer())[0] == 200


@pytest.mark.parametrize("cut", range(1, 8))
async def test_requests_in_a_row_may_be_cut_anywhere(serving: ServerProcess, cut: int) -> None:
    """Also in the middle of the empty line that ends a head."""
    one_request = b"GET /healthz HTTP/1.1\r\nHost: zerosum\r\n\r\n"
    async with wire(serving) as one:
        await one.send((one_request * 2)[:-cut], one_request[-cut:] + one_request)
        assert [(await one.answer())[0] for _ in range(3)] == [200] * 3


async def test_requests_in_a_row_are_answered_in_order(serving: ServerProcess) -> None:
    async with wire(serving) as one:
        await one.send((post() + b"\r\n" + PAY) * 5)
        ids = [json.loads((await one.answer())[1])["id"] for _ in range(5)]
        assert ids == sorted(set(ids))
        # In a pipelined request the end of an offer is unknown: the request is refused, and not
        # taken for another one.
        await one.send((post() + b"\r\n" + PAY) + (post(H2C) + b"\r\n" + PAY))
        assert (await one.answer())[0] == 201
        assert await one.answer() == (0, b"")


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
async def test_curl_that_offers_http_2_is_answered(serving: ServerProcess) -> None:
    process = await asyncio.create_subprocess_exec(
        "curl",
        "-sS",
        "--http2",
        "--data-binary",
        PAY.decode(),
        f"{serving.base}/v1/transfers",
        "-H",
        f"Authorization: Bearer {KEY}",
        "-H",
        "Content-Type: application/json",
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert json.loads(out)["kind"] == "transfer"


@pytest.mark.slow
async def test_idle_connections_stay_open_as_long_as_is_set(serving: ServerProcess) -> None:
    """Before the first request and after one. The default is longer than a load balancer's 60 s."""
    for writes in ([], [b"GET /healthz HTTP/1.1\r\nHost: zerosum\r\n\r\n"]):
        async with wire(serving) as one:
            await one.send(*writes)
            if writes:
                assert (await one.answer())[0] == 200
            await asyncio.sleep(1.2)
            await one.send(b"GET /healthz HTTP/1.1\r\nHost: zerosum\r\n\r\n")
            assert (await one.answer())[0] == 200
            began = time.monotonic()
            assert await one.answer() == (0, b"")
            assert 1 < time.monotonic() - began < 10


async def test_large_heads_are_refused_before_they_are_taken_in(serving: ServerProcess) -> None:
    for filler in (b"X-A: " + b"a" * 40_000, b"\r\n".join([b"X-A: a"] * 6_000)):
        async with wire(serving) as one:
            await one.send(b"GET /healthz HTTP/1.1\r\nHost: zerosum\r\n" + filler + b"\r\n\r\n")
            status, body = await one.answer()
            assert (status, json.loads(body)["code"]) == (431, "headers_too_large")
    # A head that never ends is cut off early.
    async with wire(serving) as one:
        sent = 0
        with contextlib.suppress(ConnectionError):
            one.writer.write(b"GET /healthz HTTP/1.1\r\nX-A: ")
            while sent < 100 * 2**20:
                one.writer.write(b"a" * 65536)
                await one.writer.drain()
                sent += 65536
                if one.reader.at_eof():
                    break
        assert sent < 10 * 2**20


async def test_what_is_no_http_is_a_problem(serving: ServerProcess) -> None:
    for text in (
        b"what?\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"CONNECT a:1 HTTP/1.1\r\n\r\n",
    ):
        async with wire(serving) as one:
            await one.send(text)
            status, body = await one.answer()
            assert (status, json.loads(body)["code"]) == (400, "malformed_request")
            assert await one.answer() == (0, b"")


@pytest.mark.slow
async def test_slow_requests_are_given_up(serving: ServerProcess) -> None:
    """A head that trickles, a body that trickles, and a body that stops. A slow but steady upload
    passes."""
    async with (
        wire(serving) as head,
        wire(serving) as body,
        wire(serving) as stopped,
        wire(serving) as steady,
    ):
        await stopped.send(post() + b"\r\n" + PAY[:-1])
        await steady.send(post(body=b" " * 15_000 + PAY) + b"\r\n")

        async def trickle(one: Wire, first: bytes) -> None:
            await one.send(first)
            with contextlib.suppress(ConnectionError):
                for _ in range(40):
                    await one.send(b"a", pause_s=0.5)

        async def pour() -> tuple[int, bytes]:
            for _ in range(15):
                await steady.send(b" " * 1000, pause_s=1)
            await steady.send(PAY)
            return await steady.answer()

        slow = [
            asyncio.create_task(trickle(head, b"GET /healthz HTTP/1.1\r\nX-A: ")),
            asyncio.create_task(trickle(body, post(body=b"a" * 5000) + b"\r\n")),
        ]
        pouring = asyncio.create_task(pour())
        for one in (head, body, stopped):
            status, text = await one.answer()
            assert (status, json.loads(text)["code"]) == (408, "request_timeout")
        assert (await pouring)[0] == 201
        await asyncio.gather(*slow)


@pytest.mark.slow
async def test_two_thousand_slow_sockets_cost_the_others_nothing(
    tmp_path: Path, database_url: str
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    server = ServerProcess(tmp_path, database_url, ZEROSUM_LOG_REQUESTS="0")
    await server.start()

    async def requests(seconds: float) -> int:
        count = 0
        until = time.monotonic() + seconds
        async with server.client() as client:
            while time.monotonic() < until:
                assert (await client.get("/v1/assets?limit=1")).status_code == 200
                count += 1
        return count

    alone = await requests(3)
    async with contextlib.AsyncExitStack() as stack:
        slow = [await stack.enter_async_context(wire(server)) for _ in range(2000)]
        for n, one in enumerate(slow):
            one.writer.write(
                b"GET /healthz HTTP/1.1\r\nX-A: " if n % 2 else post(body=b"a" * 10**6) + b"\r\n"
            )
        beside = await requests(3)
        for one in slow:
            one.writer.write(b"a")
        # A third is far more than noise takes; two thousand connections that cost something would
        # take nearly all.
        assert beside > alone / 3
        began = time.monotonic()
        await server.end()
        assert time.monotonic() - began < 28
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_wallets_that_are_steps_in_a_path_are_refused(serving: ServerProcess) -> None:
    async with serving.client() as client:
        for name in (".", ".."):
            bodies = {
                "/v1/wallets": {"id": name, "asset": "USD"},
                "/v1/transfers": {"source": "alice", "destination": name, "amount": 1},
                "/v1/credits": {"wallet": name, "amount": 1},
            }
            for path, body in bodies.items():
                answer = await client.post(path, json=body)
                assert (answer.status_code, answer.json()["code"]) == (422, "invalid_wallet_id")
        for name in ("...", "a.", ".a", "..b"):
            answer = await client.post("/v1/wallets", json={"id": name, "asset": "USD"})
            assert answer.status_code == 201


def test_by_default_idle_connections_outlive_a_balancers() -> None:
    assert read_settings({}).keep_alive == 75
    assert uvicorn_protocol.MAX_HEAD >= 16 * 1024
