"""The form that sets a sink or a consumer back or forth in the feed, with a count of the events
first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.responses import Response

from app.console.api import Refused
from app.console.spelling import BadInput
from app.console.view import View, see, status_of, told
from app.http.bodies import MAX_ID

Show = Callable[..., Awaitable[Response]]


async def rewind(view: View, kind: str, show: Show) -> Response:
    """Say how many events would be sent again, or rewind. kind: sink or consumer. show: the page of
    all of them."""
    typed = dict(view.form)
    try:
        reader = await chosen(view, kind)
        seq = seq_typed(view)
        if not view.dry:
            await view.call(f"rewind_{kind}", path=reader, body={"seq": seq})
            return see(f"/{kind}s", done="rewound")
        counted = await effect(view, reader, seq)
    except (Refused, BadInput) as error:
        return await show(view, status_of(error), problem=told(error), rewinding=typed)
    return await show(view, counted=counted, rewinding=typed)


async def chosen(view: View, kind: str) -> dict[str, Any]:
    """Return the sink or consumer that was chosen. Raises BadInput, Refused."""
    for one in (await view.read(f"list_{kind}s", query={"limit": 1000}))["data"]:
        if one["name"] == view.text("reader"):
            return dict(one)
    raise BadInput("Choose one of the list.")


def seq_typed(view: View) -> int:
    """Raises BadInput."""
    text = view.text("seq")
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MAX_ID):
        raise BadInput("Type the seq of the first event that is wanted, such as 1.")
    return int(text)


async def effect(view: View, reader: dict[str, Any], seq: int) -> dict[str, Any]:
    """Return what rewinding would do. Raises BadInput, Refused."""
    end = (await view.read("read_proof"))["log"]["size"]
    if seq > end + 1:
        raise BadInput(f"The feed ends with event {end}: the next one is {end + 1}.")
    # What comes next is asked for: the answer is a refusal where those events are purged.
    await view.read("list_events", query={"after": seq - 1, "limit": 1})
    sent = reader["sent_seq"] if "sent_seq" in reader else reader["acknowledged_seq"]
    return {
        "name": reader["name"],
        "seq": seq,
        "again": max(0, sent - seq + 1),
        "skipped": max(0, seq - sent - 1),
    }
