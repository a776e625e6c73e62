"""A reader of `GET /v1/events/stream` that goes on after every break."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import aiohttp

from app.errors import CODES

SILENCE_S = 40.0  # A comment comes every 15 s.
CONNECT_S = 10.0
RETRY_S = (0.5, 1, 2, 5)  # The last one again and again.
LIMIT = 4 * 1024 * 1024  # bytes of a line; the largest transaction is much smaller


class Refused(Exception):
    """The server refuses the request itself: trying again does not help."""


class EventSource:
    """events() of a server, from the seq `after` on.

    wanted: the query parameters that select events.
    tell: is called with a sentence when the connection is lost, once until it is back.
    """

    def __init__(
        self, url: str, key: str, wanted: dict[str, str], after: int, tell: Callable[[str], None]
    ) -> None:
        self.url, self.wanted, self.after, self.tell = url, wanted, after, tell
        self.headers = {"Authorization": f"Bearer {key}"}
        self.failures = 0

    async def events(self, session: aiohttp.ClientSession) -> AsyncIterator[str]:
        """Yield each event's JSON, for ever. Raises Refused."""
        while True:
            try:
                async for event in self.connection(session):
                    yield event
                why = "the server ended the stream"
            except (aiohttp.ClientPayloadError, aiohttp.ServerDisconnectedError):
                why = "the connection ended"
            except TimeoutError:
                why = "nothing came for too long"
            except (aiohttp.ClientError, OSError) as error:
                why = str(error) or type(error).__name__
            if self.failures == 0:
                self.tell(f"the stream broke ({why}); trying again from event {self.after} on")
            await asyncio.sleep(RETRY_S[min(self.failures, len(RETRY_S) - 1)])
            self.failures += 1

    async def connection(self, session: aiohttp.ClientSession) -> AsyncIterator[str]:
        """Yield events until the connection ends."""
        timeout = aiohttp.ClientTimeout(sock_connect=CONNECT_S, sock_read=SILENCE_S)
        async with session.get(
            f"{self.url}/v1/events/stream",
            params={"after": str(self.after), **self.wanted},
            headers=self.headers,
            timeout=timeout,
            read_bufsize=LIMIT,
        ) as answer:
            await check(answer)
            if self.failures:
                self.tell("the stream goes on")
                self.failures = 0
            seq = self.after
            data: list[str] = []
            async for raw in answer.content:
                name, _, value = raw.decode().rstrip("\r\n").partition(":")
                value = value.removeprefix(" ")
                if name == "id":
                    seq = int(value)
                elif name == "data":
                    data.append(value)
                elif not raw.strip():
                    if data:
                        yield "\n".join(data)
                    # Only now has the reader what the id names.
                    self.after, data = seq, []


async def check(answer: aiohttp.ClientResponse) -> None:
    """Raises Refused, with what the server says; ClientResponseError for what may pass."""
    if answer.status == 200:
        return
    try:
        detail = (await answer.json(content_type=None))["detail"]
    except (ValueError, KeyError, TypeError, aiohttp.ClientError):
        detail = f"{answer.url.origin()} answered {answer.status}; is that a Zerosum server?"
    if answer.status >= 500 or answer.status == CODES["rate_limited"].status:
        raise aiohttp.ClientError(detail)
    raise Refused(detail)
