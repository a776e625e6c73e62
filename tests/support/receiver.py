"""A consumer of webhooks on a real socket: it keeps what arrives, and answers as told."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from aiohttp import web


@dataclass
class Received:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event(self) -> dict[str, Any]:
        event: dict[str, Any] = json.loads(self.body)
        return event


class Receiver:
    """answers: statuses to answer, one a request, then 204. `/hang…` never answers; `/redirect`
    redirects."""

    def __init__(self, *answers: int) -> None:
        self.answers = deque(answers)
        self.got: list[Received] = []
        self.url = ""
        self.headers: dict[str, str] = {}
        self.body = ""

    async def __aenter__(self) -> Receiver:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self.answer)
        self.runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", 0)
        await site.start()
        host, port = self.runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.runner.cleanup()

    async def answer(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.got.append(Received(request.path, headers, await request.read()))
        if request.path.startswith("/hang"):
            await asyncio.sleep(3600)
        if request.path == "/redirect":
            return web.Response(status=302, headers={"Location": f"{self.url}/elsewhere"})
        status = self.answers.popleft() if self.answers else 204
        return web.Response(status=status, headers=self.headers, text=self.body or None)

    async def until(self, count: int, path: str | None = None) -> list[Received]:
        """Return the first `count` requests (on the path), once they have arrived, within 20 s."""
        async with asyncio.timeout(20):
            while True:
                got = [r for r in self.got if path is None or r.path == path]
                if len(got) >= count:
                    return got[:count]
                await asyncio.sleep(0.005)


@dataclass
class Counter:
    """How many TCP connections were accepted on this port."""

    port: int = 0
    accepted: int = 0


@contextlib.asynccontextmanager
async def counting() -> AsyncIterator[Counter]:
    """A server on the loopback, IPv4 and IPv6, that closes each connection at once."""
    counter = Counter()

    def connected(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        counter.accepted += 1
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    counter.port = server.sockets[0].getsockname()[1]
    servers = [server]
    with contextlib.suppress(OSError):
        servers.append(await asyncio.start_server(connected, "::1", counter.port))
    yield counter
    for one in servers:
        one.close()
        await one.wait_closed()
