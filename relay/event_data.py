"""What of an event's data decides whom it is for and in which order it is sent."""

from __future__ import annotations

import msgspec


class Posting(msgspec.Struct):
    source: str
    destination: str


class Data(msgspec.Struct):
    """id: of the transaction, hold, wallet or endpoint that the event is about, if it has one."""

    id: int | str | None = None
    postings: list[Posting] = []


class Body(msgspec.Struct):
    data: Data


BODY = msgspec.json.Decoder(Body)


def data_of(body: str | bytes) -> Data:
    """Return the data of an event's body."""
    return BODY.decode(body).data
