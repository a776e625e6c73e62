"""The two clients: Client blocks, AsyncClient is for asyncio. They differ in nothing else."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from types import TracebackType
from typing import Any

import httpx

from zerosum_client import types
from zerosum_client.async_operations import AsyncOperations
from zerosum_client.core import Retries, make_call
from zerosum_client.problem import Problem
from zerosum_client.sync_operations import SyncOperations

TIMEOUT_S = 30.0  # Longer than the longest wait of a request for money.
RETRIES = 5
WAIT_S = 20  # How long the server waits for the next event.


def options(url: str | None, key: str | None, timeout_s: float) -> dict[str, Any]:
    """Return what httpx needs. Raises ValueError if there is no key."""
    given = key or os.environ.get("ZEROSUM_API_KEY")
    if not given:
        raise ValueError("give an API key, or set ZEROSUM_API_KEY")
    return {
        "base_url": url or os.environ.get("ZEROSUM_URL", "http://127.0.0.1:8000"),
        "headers": {"Authorization": f"Bearer {given}", "Accept": "application/json"},
        "timeout": timeout_s,
        "follow_redirects": False,
    }


class Client(SyncOperations):
    """A client of one ledger: the key's. Use it in a `with` block, or close() it.

    url, key: ZEROSUM_URL and ZEROSUM_API_KEY unless given. retries: how often a request is sent
    again that got no answer, or that was refused for the moment; each with the same
    Idempotency-Key, so that money moves once. transport: for tests.
    """

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        timeout_s: float = TIMEOUT_S,
        retries: int = RETRIES,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.http = httpx.Client(**options(url, key, timeout_s), transport=transport)
        self.retries = retries

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self.http.close()

    def call(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        keyed: bool = False,
        key: str | None = None,
        reads: str = "json",
    ) -> Any:
        """Send a request until it is answered. Raises Problem, NoAnswer."""
        made = make_call(method, path, query, body, keyed, key, reads)
        retries = Retries(made, self.retries)
        while True:
            try:
                answer = self.http.send(made.sent(self.http))
            except httpx.TransportError as error:
                time.sleep(retries.after_silence(error))
                continue
            try:
                return made.read(answer)
            except Problem as problem:
                wait_s = retries.after_problem(problem, answer)
            time.sleep(wait_s)

    def follow_events(
        self, after: int = 0, types: str = "*", wallet: str = "*", kind: str = "*"
    ) -> Iterator[types.Event]:
        """Yield events with seqs above `after`, in order, for ever: as they come. Whoever stops keeps
        the seq of the last one that was worked on, and goes on after it."""
        while True:
            page = self.list_events(after=after, types=types, wallet=wallet, kind=kind, wait=WAIT_S)
            yield from page["data"]
            after = page["read_to"]


class AsyncClient(AsyncOperations):
    """As Client, for asyncio."""

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        timeout_s: float = TIMEOUT_S,
        retries: int = RETRIES,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.http = httpx.AsyncClient(**options(url, key, timeout_s), transport=transport)
        self.retries = retries

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self.http.aclose()

    async def call(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        keyed: bool = False,
        key: str | None = None,
        reads: str = "json",
    ) -> Any:
        """Send a request until it is answered. Raises Problem, NoAnswer."""
        made = make_call(method, path, query, body, keyed, key, reads)
        retries = Retries(made, self.retries)
        while True:
            try:
                answer = await self.http.send(made.sent(self.http))
            except httpx.TransportError as error:
                await asyncio.sleep(retries.after_silence(error))
                continue
            try:
                return made.read(answer)
            except Problem as problem:
                wait_s = retries.after_problem(problem, answer)
            await asyncio.sleep(wait_s)

    async def follow_events(
        self, after: int = 0, types: str = "*", wallet: str = "*", kind: str = "*"
    ) -> AsyncIterator[types.Event]:
        """As Client.follow_events()."""
        while True:
            page = await self.list_events(
                after=after, types=types, wallet=wallet, kind=kind, wait=WAIT_S
            )
            for event in page["data"]:
                yield event
            after = page["read_to"]
