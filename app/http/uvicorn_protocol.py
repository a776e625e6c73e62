"""uvicorn's HTTP/1.1 protocol, with what it lacks: an answer is one write, and a request's head and
pace are bounded.

This depends on uvicorn's internals, so pyproject.toml bounds its version.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any, cast

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.errors import CODES, problem_body

MAX_HEAD = 32 * 1024  # bytes of the request line and all header fields
# A head must be whole this soon after its first byte, and a body must bring as many bytes a second,
# on average over that time.
PACE_S, MIN_BYTES_PER_S = 10.0, 500
END = b"\r\n\r\n"
# Decline offers of HTTP/2 in cleartext by hiding them: the parser would take what follows for that
# protocol.
UPGRADE = re.compile(rb"(?<=\n)upgrade(?=[ \t]*:)", re.IGNORECASE)


class GatheringTransport:
    """A transport whose written data leaves at the end of the event loop's turn, or when it is
    closed.

    uvicorn writes an answer's head and body apart: two system calls and two packets, and the client
    wakes twice.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self.transport, self.loop = transport, loop
        self.parts: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.transport, name)

    def write(self, data: bytes) -> None:
        if not self.parts:
            self.loop.call_soon(self.flush)
        self.parts.append(data)

    def flush(self) -> None:
        if self.parts:
            parts, self.parts = self.parts, []
            self.transport.write(b"".join(parts))

    def close(self) -> None:
        self.flush()
        self.transport.close()


class Protocol(HttpToolsProtocol):
    """One connection.

    head: what has come of a request's head, until it is whole. began: whether the parser has a part
    of it. in_body: whether the head is parsed and the body is not. received: bytes since the last
    look at the pace.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        gathering = GatheringTransport(transport, self.loop)
        super().connection_made(cast(asyncio.Transport, gathering))
        self.head = bytearray()
        self.began = self.in_body = self.refused = False
        self.began_bytes = self.received = 0
        self.pace_timer: asyncio.TimerHandle | None = None
        # Close a connection that never sends anything like one that sends nothing more.
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def connection_lost(self, exc: Exception | None) -> None:
        self.stop_pacing()
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.refused or self.transport.is_closing():
            return
        if self.began:
            # It came right after another request. The parser has its beginning, and gets the rest
            # as it comes.
            self.began_bytes += len(data)
            if self.began_bytes > MAX_HEAD:
                self.refuse("headers_too_large")
                return
        elif not self.in_body:
            if self.head:
                searched = max(0, len(self.head) - len(END))
                self.head += data
                end = self.head.find(END, searched)
                data = bytes(self.head) if end >= 0 else data
            else:
                end = data.find(END)
            if end > MAX_HEAD or (end < 0 and max(len(self.head), len(data)) > MAX_HEAD):
                self.refuse("headers_too_large")
                return
            if end < 0:
                self.head = self.head or bytearray(data)
                self._unset_keepalive_if_required()
                self.pace(len(data))
                return
            self.head.clear()
            data = UPGRADE.sub(b"x-declined", data[:end]) + data[end:]
        super().data_received(data)
        if self.in_body or self.began:
            self.pace(len(data))
        elif self.pace_timer is not None:
            self.stop_pacing()

    def on_message_begin(self) -> None:
        self.began, self.began_bytes = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        if self.parser.should_upgrade():
            # A second request in the same packet, whose offer was not hidden. What follows it can't
            # be read.
            raise httptools.HttpParserError("an upgrade that is pipelined")
        self.began, self.in_body = False, True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self.in_body = False
        super().on_message_complete()

    def pace(self, received: int) -> None:
        """Bytes have come of a request that is not whole yet."""
        self.received += received
        if self.pace_timer is None:
            self.received = 0
            self.pace_timer = self.loop.call_later(PACE_S, self.look_at_pace)

    def look_at_pace(self) -> None:
        self.pace_timer = None
        answering = self.cycle is not None and not self.cycle.response_complete
        paused = answering and not self.in_body
        if paused or (self.in_body and self.received >= PACE_S * MIN_BYTES_PER_S):
            self.pace(0)
        else:
            self.refuse("request_timeout")

    def stop_pacing(self) -> None:
        if self.pace_timer is not None:
            self.pace_timer.cancel()
            self.pace_timer = None

    def send_400_response(self, msg: str) -> None:
        self.refuse("malformed_request")

    def refuse(self, code: str) -> None:
        """Answer bytes that are no valid request, and close. Earlier requests get their answers
        first: this one would be taken for theirs."""
        self.stop_pacing()
        self.refused = True
        answering = self.cycle is not None and not self.cycle.response_complete
        if answering and not self.in_body:
            # The connection closes when the last of them is answered.
            self.cycle.keep_alive = False
        elif answering and (self.pipeline or self.cycle.response_started):
            self.transport.close()
        elif not self.transport.is_closing():
            body = problem_body(code, {"limit": MAX_HEAD})
            status = CODES[code].status
            self.transport.write(
                f"HTTP/1.1 {status} {REASONS[status]}\r\ncontent-type: application/problem+json\r\n"
                f"content-length: {len(body)}\r\nconnection: close\r\n\r\n".encode()
                + body
            )
            self.transport.close()


REASONS = {400: "Bad Request", 408: "Request Timeout", 431: "Request Header Fields Too Large"}
