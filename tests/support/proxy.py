"""A proxy before Postgres's socket that cuts connections, holds bytes back, or answers in the
server's place."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit


class Proxy:
    """Passes everything on until told otherwise.

    through: while it is cleared nothing passes, and nobody learns of it. trap(): what happens to
    the next bytes that have a marker. refusal: the SQLSTATE that new connections are refused with.
    accepted: how many connections there were.
    """

    def __init__(self, room: Path, url: str) -> None:
        parts = urlsplit(url)
        self.target = Path(unquote(parse_qs(parts.query)["host"][0])) / ".s.PGSQL.5432"
        self.path = room / ".s.PGSQL.5432"
        self.url = f"{parts.scheme}://postgres@{parts.path}?host={room}"
        self.through = asyncio.Event()
        self.through.set()
        self.tasks: set[asyncio.Task[None]] = set()
        self.links: list[Link] = []
        self.marker: bytes | None = None
        self.action = ""
        self.refusal: str | None = None
        self.held_from_start = False
        self.accepted = 0
        self.sprung = asyncio.Event()

    async def __aenter__(self) -> Proxy:
        self.server = await asyncio.start_unix_server(self.connected, self.path)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.server.close()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        for link in self.links:
            link.cut()
        await asyncio.sleep(0)

    def trap(self, marker: bytes, action: str) -> None:
        """Do this, once, when the marker passes from the client to the server, on that connection:

        cut: neither the marker nor anything after it arrives; both ends are closed.
        hold: nothing passes until release().
        cut_answer, hold_answer: it arrives, and the answer is lost or held back.
        """
        self.marker, self.action = marker, action
        self.sprung.clear()

    def release(self) -> None:
        """Pass on what was held back, on connections that still exist, and accept new ones."""
        self.refusal, self.held_from_start = None, False
        for link in self.links:
            link.to_server.set()
            link.to_client.set()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        if self.refusal is not None:
            await reader.read(65536)
            fields = f"SFATAL\0VFATAL\0C{self.refusal}\0Mrefused by the test\0\0".encode()
            with contextlib.suppress(ConnectionError):
                writer.write(b"E" + (len(fields) + 4).to_bytes(4, "big") + fields)
                writer.close()
            return
        far_reader, far_writer = await asyncio.open_unix_connection(self.target)
        link = Link(writer, far_writer)
        if self.held_from_start:
            link.to_server.clear()
        self.links.append(link)
        for work in (self.forward(link, reader), self.back(link, far_reader)):
            task = asyncio.create_task(work)
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def forward(self, link: Link, source: asyncio.StreamReader) -> None:
        """Pass bytes from the client to the server. What was read before the client left arrives
        all the same."""
        with contextlib.suppress(ConnectionError):
            while data := await source.read(65536):
                if self.marker is not None and self.marker in data:
                    self.marker = None
                    self.sprung.set()
                    if self.action == "cut":
                        link.cut()
                        return
                    if self.action == "hold":
                        link.to_server.clear()
                    if self.action in {"cut_answer", "hold_answer"}:
                        link.to_client.clear()
                        link.cut_answer = self.action == "cut_answer"
                await self.through.wait()
                await link.to_server.wait()
                link.server.write(data)
                await link.server.drain()
        await link.to_server.wait()
        link.server.close()

    async def back(self, link: Link, source: asyncio.StreamReader) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await source.read(65536):
                if link.cut_answer:
                    link.cut()
                    return
                await self.through.wait()
                await link.to_client.wait()
                link.client.write(data)
                await link.client.drain()
        link.client.close()


class Link:
    """The two ends of a connection, and whether bytes may pass each way."""

    def __init__(self, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self.client, self.server = client, server
        self.to_server, self.to_client = asyncio.Event(), asyncio.Event()
        self.to_server.set()
        self.to_client.set()
        self.cut_answer = False

    def cut(self) -> None:
        for writer in (self.client, self.server):
            writer.transport.abort()
