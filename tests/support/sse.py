"""A client of server-sent events, as the HTML standard reads them."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx


class Stream:
    """events() yields each event; last_id is what the client would send as Last-Event-ID.

    comments: how many have come.
    """

    def __init__(self, answer: httpx.Response, last_id: str) -> None:
        self.answer, self.last_id = answer, last_id
        self.comments = 0
        self.lines = self.split()

    async def split(self) -> AsyncIterator[str]:
        """Yield lines. (httpx would end one at U+2028 too.)"""
        rest = ""
        async for text in self.answer.aiter_text():
            *lines, rest = (rest + text).split("\n")
            for line in lines:
                yield line

    async def events(self) -> AsyncIterator[Any]:
        data: list[str] = []
        async for line in self.lines:
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if not line:
                if data:
                    yield json.loads("\n".join(data))
                data = []
            elif name == "id":
                self.last_id = value
            elif name == "data":
                data.append(value)
            else:
                assert name == "", line
                self.comments += 1

    async def take(self, count: int) -> list[Any]:
        """Return the next `count` events."""
        found: list[Any] = []
        async for event in self.events():
            found.append(event)
            if len(found) == count:
                break
        return found


@contextlib.asynccontextmanager
async def stream(
    client: httpx.AsyncClient, query: str = "", last_id: str = "", **headers: str
) -> AsyncIterator[Stream]:
    if last_id:
        headers["Last-Event-ID"] = last_id
    async with client.stream(
        "GET", f"/v1/events/stream{query}", headers=headers, timeout=60
    ) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield Stream(answer, last_id)
