"""`zerosum listen`: follow the feed at a terminal, and forward it to a service on this machine."""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import dataclass

import aiohttp
import click
import msgspec

from app.cli.event_source import EventSource, Refused, check
from app.cli.exits import Unavailable
from app.cli.output import wants_json
from app.webhook_secret import spelled
from relay.webhooks.signing import signed_headers, symmetric

FORWARD_S = 15.0  # as long as a webhook may take


class Head(msgspec.Struct):
    """What the line of an event shows of it."""

    id: str
    seq: int
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """server: its URL. events: the query parameters that select them. after: the seq to start
    behind; None: from now on. forward_to: a URL."""

    server: str
    key: str
    events: dict[str, str]
    after: int | None
    forward_to: str | None
    secret: bytes


def listen(wanted: Wanted) -> None:
    """Print and forward events until Ctrl-C. Raises click.ClickException."""
    try:
        asyncio.run(follow(wanted))
    except KeyboardInterrupt:
        pass
    except Refused as refused:
        raise click.ClickException(str(refused)) from None


async def follow(wanted: Wanted) -> None:
    async with aiohttp.ClientSession() as session:
        start = await feed_end(session, wanted) if wanted.after is None else wanted.after
        tell(f"listening to {wanted.server} from event {start} on; Ctrl-C ends it")
        if wanted.forward_to is not None:
            tell(f"forwarding to {wanted.forward_to}, signed with {spelled(wanted.secret)}")
        source = EventSource(wanted.server, wanted.key, wanted.events, start, tell)
        async for event in source.events(session):
            head = msgspec.json.decode(event, type=Head)
            line = f"{head.seq} {head.type} {head.id}"
            if wanted.forward_to is not None:
                outcome = await forward(session, wanted.forward_to, wanted.secret, head, event)
                line += f" -> {outcome}"
            if wants_json():
                print(event, flush=True)
            if not wants_json() or wanted.forward_to is not None:
                print(line, file=sys.stderr if wants_json() else sys.stdout, flush=True)


async def feed_end(session: aiohttp.ClientSession, wanted: Wanted) -> int:
    """Return the seq of the newest event. Raises Refused."""
    headers = {"Authorization": f"Bearer {wanted.key}"}
    try:
        async with session.get(f"{wanted.server}/v1/proof", headers=headers) as answer:
            await check(answer)
            size: int = (await answer.json())["log"]["size"]
            return size
    except aiohttp.ClientConnectorError:
        raise Unavailable(f"nothing listens at {wanted.server}; does the server run?") from None
    except (aiohttp.ClientError, ValueError, OSError) as error:
        raise Refused(
            f"can't read from {wanted.server} ({error or type(error).__name__})"
        ) from None


async def forward(
    session: aiohttp.ClientSession, url: str, secret: bytes, head: Head, event: str
) -> str:
    """Send the event as a webhook, once, and return what came of it, in words."""
    body = event.encode()
    headers = {
        "Content-Type": "application/json",
        **signed_headers([symmetric(secret)], head.id, body),
    }
    timeout = aiohttp.ClientTimeout(total=FORWARD_S)
    began = time.monotonic()
    try:
        async with session.post(
            url, data=body, headers=headers, timeout=timeout, allow_redirects=False
        ) as answer:
            await answer.read()
            return f"{answer.status} in {(time.monotonic() - began) * 1000:.0f} ms"
    except aiohttp.ClientConnectorError:
        return f"NOT SENT: nothing listens at {url}; does your service run?"
    except TimeoutError:
        return f"NO ANSWER within {FORWARD_S:.0f} s"
    except (aiohttp.ClientError, ValueError, OSError) as error:
        return f"FAILED: {error or type(error).__name__}"


def with_scheme(url: str) -> str:
    return url if "://" in url else f"http://{url}"


def tell(sentence: str) -> None:
    print(f"zerosum: {sentence}", file=sys.stderr, flush=True)
