"""What every kind of sink has in common: an event to send, and what may come of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from app.sink_url import SinkUrl
from relay.event_data import data_of


@dataclass(frozen=True, slots=True)
class Event:
    """An event of the feed. body: the very bytes that webhooks get."""

    id: str
    type: str
    seq: int
    ledger: str
    time: datetime
    body: bytes


class CarryFailed(Exception):
    """Not all events arrived. sent: how many are known to have arrived, from the first on. The text
    says why the others have not."""

    def __init__(self, sent: int, why: str) -> None:
        super().__init__(why)
        self.sent = sent


class Carrier(Protocol):
    """One connection to a sink. When it raises anything, it is closed and opened anew."""

    async def carry(self, events: list[Event]) -> None:
        """Send the events in order; return when all have arrived. Raises CarryFailed. Never waits
        for ever."""

    async def close(self) -> None:
        """Close the connection at once."""


def attributes(event: Event, sink: SinkUrl) -> dict[str, str]:
    """Return what goes beside the body: our attributes, or those of CloudEvents 1.0 in binary mode
    (in the Kafka binding `ce_` headers)."""
    if sink.format == "standard":
        return {
            "id": event.id,
            "type": event.type,
            "seq": str(event.seq),
            "ledger": event.ledger,
        }
    return {
        "ce_specversion": "1.0",
        "ce_id": event.id,
        "ce_type": event.type,
        "ce_source": f"/ledgers/{event.ledger}",
        "ce_time": event.time.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "ce_seq": str(event.seq),
        "ce_ledger": event.ledger,
        "content-type": "application/json",
    }


def order_key(event: Event, key: str) -> str:
    """Return what events that must stay in order share: the ledger, the transaction's first source,
    or the transaction.

    An event that belongs to no transaction has the ledger's key.
    """
    if key == "ledger":
        return event.ledger
    data = data_of(event.body)
    if key == "wallet":
        return data.postings[0].source if data.postings else event.ledger
    return event.ledger if data.id is None or not data.postings else str(data.id)
