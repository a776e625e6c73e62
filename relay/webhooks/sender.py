"""Send one webhook: signed, to a checked address, within limits. Return what came of it."""

from __future__ import annotations

import asyncio
import functools
import ssl
import time
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import NamedTuple
from urllib.parse import urlsplit

from app.egress import BadUrl, check_url
from app.setting_values import Network
from relay.webhooks.connection import Answer, BadAnswer, NoAnswer
from relay.webhooks.dialler import Dialler, Place, Proxy, authority
from relay.webhooks.kept import KeptConnections
from relay.webhooks.message import Message, Outcome
from relay.webhooks.signing import signed_headers

URLS = 1024  # URLs whose checks are remembered; names are resolved anew for each connection
PORTS = {"http": 80, "https": 443}
# What an endpoint's own header fields may replace.
DEFAULTS = {
    "user-agent": "Zerosum-Webhooks/1",
    # People read the beginning of what is answered.
    "accept-encoding": "identity",
}


class Route(NamedTuple):
    """A URL that may be sent to. head: the first lines of a request."""

    place: Place
    head: str


class WebhookSender:
    """send() messages over kept connections, while the context is open.

    The client is our own: with aiohttp's, three quarters of a delivery's time were its sessions',
    requests' and answers' (docs/decisions.md).
    """

    def __init__(
        self,
        allow: tuple[Network, ...],
        tls: ssl.SSLContext | None = None,
        proxy: str | None = None,
    ) -> None:
        """tls: None: as the system has it. proxy: a URL; it resolves names, and decides which of
        their addresses are reached."""
        self.allow, self.tls = allow, tls
        self.proxy = Proxy(proxy) if proxy is not None else None
        self.kept = KeptConnections()
        self.route = functools.lru_cache(URLS)(self.check)

    async def __aenter__(self) -> WebhookSender:
        self.dialler = Dialler(self.allow, self.tls, self.proxy)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kept.close()
        await self.dialler.close()

    def check(self, url: str) -> Route:
        """Return the route of a URL if webhooks may go there. Raises BadUrl."""
        check_url(url, self.allow, self.proxy is not None)
        parts = urlsplit(url)
        place = Place(parts.scheme, parts.hostname or "", parts.port or PORTS[parts.scheme])
        # The path and the query are sent byte for byte: a signature in them may cover their very
        # spelling.
        target = url.partition("://")[2].removeprefix(parts.netloc)
        if not target.startswith("/"):
            target = f"/{target}"
        end = authority(place)
        head = f"Host: {end.removesuffix(f':{PORTS[place.scheme]}')}\r\n"
        if self.proxy is not None and place.scheme == "http":  # There is no CONNECT.
            target = f"http://{end}{target}"
            if self.proxy.authorization is not None:
                head += f"Proxy-Authorization: {self.proxy.authorization}\r\n"
        return Route(place, f"POST {target} HTTP/1.1\r\n{head}Content-Type: application/json\r\n")

    async def send(self, message: Message) -> Outcome:
        """Send the message. Raises nothing but a cancellation. A redirect is a failure."""
        timeout_s = message.target.timeout_s
        began = time.monotonic()
        status, error, asked, text = None, None, None, None
        dialled: list[str] = []
        try:
            route = self.route(message.target.url)
            async with asyncio.timeout(timeout_s):
                answer = await self.ask(route.place, request_bytes(route, message), dialled)
            status, asked = answer.status, asked_wait_s(answer.retry_after)
            error = None if 200 <= status < 300 else f"answered {status}"
            # Postgres stores no NUL.
            text = answer.body.decode(errors="replace").replace("\0", "")
        except (BadUrl, BadAnswer) as refused:
            error = str(refused)
        except TimeoutError:
            error = f"no answer within {timeout_s:g} s"
        except (
            Exception
        ) as failed:  # Whatever it is, this was an attempt, and the delivery must not be lost.
            error = f"{type(failed).__name__}: {failed}"[:500].replace("\0", "")
        took_ms = round((time.monotonic() - began) * 1000)
        address = dialled[-1] if dialled else None
        return Outcome(error is None, status, error, took_ms, asked, address, text)

    async def ask(self, place: Place, request: bytes, dialled: list[str]) -> Answer:
        """Return the answer to a request, over a kept connection or a new one. dialled: gets the
        addresses.

        A kept connection that ends before a byte of an answer was closed by the receiver meanwhile:
        then the request goes out once more, over a new one. Raises BadAnswer, OSError.
        """
        connection = self.kept.take(place)
        if connection is not None:
            dialled.append(connection.address)
            try:
                answer = await connection.ask(request)
            except NoAnswer:
                connection = None
        if connection is None:
            connection = await self.dialler.open(place, dialled)
            answer = await connection.ask(request)
        if connection.reusable:
            self.kept.keep(place, connection)
        return answer


def request_bytes(route: Route, message: Message) -> bytes:
    """Return the request whole. Ours come last: nobody but us signs."""
    target, body = message.target, message.body
    fields = DEFAULTS | target.headers if target.headers else DEFAULTS
    signed = signed_headers(target.signers, message.id, body)
    lines = "".join([f"{name}: {value}\r\n" for name, value in (fields | signed).items()])
    return f"{route.head}{lines}Content-Length: {len(body)}\r\n\r\n".encode() + body


def asked_wait_s(retry_after: str | None) -> float | None:
    """Return the seconds that Retry-After asks for (RFC 9110, 10.2.3: seconds or a date); None for
    anything else."""
    if retry_after is None:
        return None
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:9])
    try:
        at = parsedate_to_datetime(retry_after)
        return max(0.0, at.timestamp() - time.time())
    except (
        ValueError,
        OverflowError,
        OSError,
    ):  # OverflowError: a year of 12 digits, up to Python 3.13.
        return None
