"""The feed as server-sent events: one answer that goes on until either side ends it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

from app import metrics
from app.database.connections import call
from app.database.errors import DATABASE_ERRORS, is_away, is_no_place
from app.errors import Refusal
from app.event_filter import EventFilter
from app.http.auth import bearer_key
from app.http.headers import wants_strings
from app.http.request import ApiRequest

HEARTBEAT_S = 15.0  # Balancers close a connection that is silent for 30 s to 60 s.
AWAY_S = 1.0  # between two tries while the database does not answer
PAGE = 100  # Events; a stream that lags holds so many in memory.
# A comment, and no blank line after it: some clients would take that for an empty event.
HEARTBEAT = b":\n"

log = logging.getLogger("zerosum")


Allowed = Callable[[], Awaitable[bool]]


class EventStream:
    """frames() of one client, from the seq `after`. wanted: which events it reads. allowed: whether
    the client may still read; unless given, whether its API key may."""

    def __init__(
        self,
        request: ApiRequest[None],
        after: int,
        wanted: EventFilter,
        allowed: Allowed | None = None,
    ) -> None:
        self.request, self.after, self.wanted = request, after, wanted
        self.is_allowed = allowed or self.is_key_allowed
        self.ledger, self.services = request.caller.ledger, request.services
        self.strings = wants_strings(request.scope)
        self.ended = False

    async def check(self) -> None:
        """Raise what the database's driver raises if the feed can't be read from there: once the
        stream is open, no status can say so."""
        try:
            await call(self.services.pool, "check_kept", ledger=self.ledger, after=self.after)
        except DATABASE_ERRORS as error:
            if not is_away(error):
                raise

    async def frames(self) -> AsyncIterator[bytes]:
        """Yield frames until the server stops or the API key is revoked. While the database is
        away the stream stays open: a client that got a 503 instead would not come back."""
        clock = asyncio.get_running_loop().time
        metrics.STREAMS.inc()
        try:
            yield HEARTBEAT  # The client sees at once that the stream is open.
            due = clock() + HEARTBEAT_S
            while True:
                if found := await self.read():
                    yield found
                elif not self.services.feed.closed:
                    await self.services.feed.after(self.ledger, self.after, due - clock())
                if self.services.feed.closed or self.ended:
                    return
                if clock() >= due:
                    if not await self.is_allowed():
                        return
                    yield HEARTBEAT
                    due = clock() + HEARTBEAT_S
        finally:
            metrics.STREAMS.dec()

    async def read(self) -> bytes:
        """Return the frames of what is next in the feed, empty at its end."""
        try:
            page = await self.services.pages.read(self.ledger, self.after, PAGE, self.wanted)
        except DATABASE_ERRORS as error:
            if is_no_place(error):  # The client comes back, and is told so.
                self.ended = True
                return b""
            log.warning("a stream waits for the database: %s", error)
            await asyncio.sleep(AWAY_S)
            return b""
        if page.read_to == self.after:
            return b""
        self.after = page.read_to
        return page.frames(self.strings)

    async def is_key_allowed(self) -> bool:
        """Return whether the API key may still read this ledger, as far as can be told."""
        try:
            caller = await self.services.keys.caller_of(bearer_key(self.request.scope))
        except Refusal as refusal:
            return refusal.code != "unauthorized"
        return caller.ledger == self.ledger
