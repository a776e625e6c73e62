"""Pages of feeds, for many readers at the same place: who asks for the same page at the same time
shares its query, and the frames that are made of it."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field

from app.amounts import quote_amounts
from app.database.connections import Pool, call
from app.event_filter import EventFilter

LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(slots=True)
class Page:
    """read_to: the seq up to which the feed was read. at_end: nothing was stamped beyond it.

    seqs, bodies: of one length. spelled: the page as frames, by whether amounts are strings.
    """

    read_to: int
    at_end: bool
    seqs: list[int]
    bodies: list[str]
    spelled: dict[bool, bytes] = field(default_factory=dict)

    def frames(self, strings: bool) -> bytes:
        """Return the events as server-sent events, each with its seq as id. strings: spell amounts
        as strings.

        Where the feed was read further, a last frame without data says so: a client that comes back
        goes on from there. https://html.spec.whatwg.org/multipage/server-sent-events.html
        """
        found = self.spelled.get(strings)
        if found is None:
            parts = []
            for seq, body in zip(self.seqs, self.bodies, strict=True):
                text = quote_amounts(body.encode()).decode() if strings else body
                lines = LINE_END.sub("\ndata: ", text)
                parts.append(f"id: {seq}\ndata: {lines}\n\n")
            if not self.seqs or self.seqs[-1] < self.read_to:
                parts.append(f"id: {self.read_to}\n\n")
            found = self.spelled[strings] = "".join(parts).encode()
        return found


Asked = tuple[int, int, int, EventFilter]


class FeedPages:
    """read() pages. A reader may get one that was asked for a moment before it came."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.reading: dict[Asked, asyncio.Task[Page]] = {}

    async def read(self, ledger: int, after: int, limit: int, wanted: EventFilter) -> Page:
        """Raises what the database's driver raises."""
        asked = ledger, after, limit, wanted
        task = self.reading.get(asked)
        if task is None:
            task = self.reading[asked] = asyncio.create_task(self.query(*asked))
            task.add_done_callback(lambda _: self.reading.pop(asked))
        # Whoever leaves takes the page from nobody else.
        return await asyncio.shield(task)

    async def query(self, ledger: int, after: int, limit: int, wanted: EventFilter) -> Page:
        """Return a page that nobody shares. Raises what the database's driver raises."""
        (row,) = await call(
            self.pool,
            "read_events",
            ledger=ledger,
            after=after,
            max=limit,
            **wanted._asdict(),
        )
        return Page(row["read_to"], row["at_end"], row["seqs"], row["bodies"])
