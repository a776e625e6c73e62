"""The form that sets a sink or a consumer back or forth in the feed, with a count of the events
first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.console.spelling import BadInput
from app.console.view import View
from app.http.bodies import MAX_ID


async def rewind(
    view: View, operation: str, path: Mapping[str, Any], reader: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Rewind, or return what that would do, as the form says. reader: the sink or the consumer.
    Raises Refused, BadInput."""
    text = view.text("seq")
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MAX_ID):
        raise BadInput("Type the seq of the first event that is wanted, such as 1.")
    seq = int(text)
    if not view.dry:
        await view.call(operation, path=path, body={"seq": seq})
        return None
    end = (await view.read("read_proof"))["log"]["size"]
    if seq > end + 1:
        raise BadInput(f"The feed ends with event {end}: the next one is {end + 1}.")
    # What comes next is asked for: the answer is a refusal where those events are purged.
    await view.read("list_events", query={"after": seq - 1, "limit": 1})
    sent = reader.get("sent_seq", reader.get("acknowledged_seq"))
    assert sent is not None
    return {
        "name": reader["name"],
        "seq": seq,
        "again": max(0, sent - seq + 1),
        "skipped": max(0, seq - sent - 1),
    }


def one_of(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the item of a list with this name. Raises BadInput."""
    for one in found["data"]:
        if one["name"] == name:
            return dict(one)
    raise BadInput("Choose one of the list.")
