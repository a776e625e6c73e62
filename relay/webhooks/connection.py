"""One connection to a receiver, HTTP/1.1 by llhttp: a request goes out whole, and of its answer is
read what a webhook needs."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import cast

import httptools

# An answer's head may have more than any server sends, but not without end.
MAX_HEAD = 1024 * 1024
# Read so much of an answer's body, for so long, that the connection can be used again: the status
# has said everything.
READ_LIMIT, READ_S = 4096, 1.0


class BadAnswer(Exception):
    """What came is no answer, or none came. The message says why."""


class NoAnswer(BadAnswer):
    """The connection ended before a byte came. Over a kept connection that is nobody's fault: the
    receiver closed it while the request was on its way."""


@dataclass(slots=True)
class Answer:
    """An answer as far as it has come. body: its beginning. complete: all of it has come."""

    status: int = 0
    retry_after: str | None = None
    body: bytearray = field(default_factory=bytearray)
    has_head: bool = False
    complete: bool = False


class Connection(asyncio.Protocol):
    """ask() one request at a time. address: whom it reaches.

    reusable: the last answer came whole, and nothing after it. What comes while nothing is asked
    belongs to no request, so the connection is closed.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.opened = asyncio.get_running_loop().time()
        self.transport: asyncio.Transport | None = None
        self.parser = httptools.HttpResponseParser(self)
        self.answer: Answer | None = None
        self.ended: asyncio.Future[Answer] | None = None
        self.timer: asyncio.TimerHandle | None = None
        self.head_only = False
        self.head_size = 0
        self.reusable = False

    async def ask(self, request: bytes, head_only: bool = False) -> Answer:
        """Send the request and return its answer. head_only: its body is another protocol's.

        Raises BadAnswer. A body that ends too soon, never ends or is malformed makes the connection
        unusable, and no error. The caller bounds the time; a cancellation closes the connection.
        """
        if self.transport is None or self.transport.is_closing():
            raise NoAnswer("the connection was closed")
        self.reusable, self.head_only, self.head_size = False, head_only, 0
        self.answer = Answer()
        self.ended = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        try:
            answer = await self.ended
        except BaseException:
            self.close()
            raise
        finally:
            self.ended = None
            if self.timer is not None:
                self.timer.cancel()
                self.timer = None
        if not self.reusable and not head_only:
            self.close()
        return answer

    def close(self) -> None:
        """Close at once: nothing that is left to be sent or read is wanted."""
        self.reusable = False
        if self.transport is not None:
            self.transport.abort()

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.transport, self.reusable = None, False
        if self.answer is not None and self.answer.has_head:
            self.end()  # A body that ends with its connection, or too soon.
        elif self.head_size == 0:
            self.fail(NoAnswer("the connection was closed before an answer came"))
        else:
            self.fail(BadAnswer("the connection was closed within the head of the answer"))

    def data_received(self, data: bytes) -> None:
        answer = self.answer
        if answer is None or self.ended is None:
            self.close()
            return
        if not answer.has_head:
            self.head_size += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.reusable = False
        except httptools.HttpParserError as error:
            self.reusable = False
            if not answer.has_head:
                self.fail(BadAnswer(f"what came is no HTTP/1.1 answer: {error}"))
                return
            self.end()
            return
        if not answer.has_head:
            if self.head_size > MAX_HEAD:
                self.fail(BadAnswer(f"the answer's head has more than {MAX_HEAD} bytes"))
        elif answer.complete or self.head_only or len(answer.body) >= READ_LIMIT:
            self.end()
        elif self.timer is None:
            self.timer = asyncio.get_running_loop().call_later(READ_S, self.end)

    def end(self) -> None:
        if self.ended is not None and not self.ended.done() and self.answer is not None:
            self.ended.set_result(self.answer)

    def fail(self, error: BadAnswer) -> None:
        if self.ended is not None and not self.ended.done():
            self.ended.set_exception(error)

    # What the parser calls.

    def on_message_begin(self) -> None:
        if self.answer is not None and self.answer.complete:
            self.reusable = False  # A second answer to one request.

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.answer is not None and not self.answer.complete and name.lower() == b"retry-after":
            self.answer.retry_after = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """Note the status. An interim answer (RFC 9110, 15.2) is passed over, but for 101, after
        which another protocol would begin."""
        status = self.parser.get_status_code()
        if (
            self.answer is not None
            and not self.answer.has_head
            and (status >= 200 or status == 101)
        ):
            self.answer.status, self.answer.has_head = status, True

    def on_body(self, part: bytes) -> None:
        if self.answer is not None and not self.answer.complete:
            self.answer.body += part[: READ_LIMIT - len(self.answer.body)]

    def on_message_complete(self) -> None:
        answer = self.answer
        if answer is not None and answer.has_head and not answer.complete:
            answer.complete = True
            self.reusable = answer.status != 101 and self.parser.should_keep_alive()
