"""Send one webhook: signed, to a checked address, within limits. Return what came of it."""

from __future__ import annotations

import asyncio
import functools
import socket
import ssl
import time
from contextvars import ContextVar
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any

import aiohttp
import yarl
from aiohttp import AddrInfoType
from aiohttp.abc import AbstractResolver
from aiohttp.client_proto import ResponseHandler

from app.egress import BadUrl, check_url
from app.setting_values import Network
from relay.webhooks.message import Message, Outcome
from relay.webhooks.resolver import GuardedResolver
from relay.webhooks.signing import signed_headers

# Read so much of an answer's body, for so long, that the connection can be used again: the status
# has said everything.
READ_LIMIT, READ_S = 4096, 1.0
# An answer's head may have more than any server sends, but not without end.
MAX_FIELD, MAX_FIELDS = 256 * 1024, 10_000
URLS = 1024  # URLs whose checks are remembered; names are resolved anew each time
USER_AGENT = "Zerosum-Webhooks/1"


# The addresses that the delivery in hand has dialled, or whose connection it uses.
DIALLED: ContextVar[list[str]] = ContextVar("dialled")


def open_socket(found: AddrInfoType) -> socket.socket:
    """Open a socket for an address, and note it."""
    family, kind, proto, _, address = found
    note_address(address)
    return socket.socket(family, kind, proto)


def note_address(address: object) -> None:
    if isinstance(address, tuple) and (dialled := DIALLED.get(None)) is not None:
        dialled.append(str(address[0]))


class HeadFirst(ResponseHandler):
    """Gives an answer's head to the parser before its body: given both at once, a malformed body
    would discard the status too. Notes whom a delivery reaches over a kept connection."""

    peer: object = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.peer = transport.get_extra_info("peername")
        super().connection_made(transport)

    def set_response_params(self, **params: Any) -> None:
        """aiohttp calls this for each request, in the task that sends it."""
        note_address(self.peer)
        super().set_response_params(**params)

    def data_received(self, data: bytes) -> None:
        end = data.find(b"\r\n\r\n") + 4
        if 4 <= end < len(data):
            super().data_received(data[:end])
            data = data[end:]
        super().data_received(data)


@functools.cache
def client_timeout(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=seconds)


class WebhookSender:
    """send() messages over kept connections. There is a session for each scheme: http goes to
    allowed networks only."""

    def __init__(
        self,
        allow: tuple[Network, ...],
        tls: ssl.SSLContext | None = None,
        proxy: str | None = None,
    ) -> None:
        """tls: None: as the system has it. proxy: a URL; it resolves names, and decides which of
        their addresses are reached."""
        self.allow, self.tls = allow, tls
        # Apart from its password, which errors would tell.
        self.proxy: yarl.URL | None = None
        self.proxy_headers: dict[str, str] = {}
        if proxy is not None:
            given = yarl.URL(proxy)
            self.proxy = given.with_user(None)
            if given.user is not None:
                told = aiohttp.encode_basic_auth(given.user, given.password or "")
                self.proxy_headers = {"Proxy-Authorization": told}
        self.sessions: dict[str, aiohttp.ClientSession] = {}
        self.checked = functools.lru_cache(URLS)(self.check)

    def check(self, url: str) -> yarl.URL:
        """Return the URL if webhooks may go there. Raises BadUrl."""
        check_url(url, self.allow, self.proxy is not None)
        # Keep the URL byte for byte: a signature in it may cover its very spelling.
        return yarl.URL(url, encoded=True)

    async def __aenter__(self) -> WebhookSender:
        for scheme in ("http", "https"):
            resolver: AbstractResolver | None = None
            if self.proxy is None:
                resolver = GuardedResolver(self.allow, routable=scheme == "https")
            # Each endpoint bounds its own connections: with one pool for all, those that hang would
            # keep the others waiting.
            connector = aiohttp.TCPConnector(
                resolver=resolver, limit=0, socket_factory=open_socket, ssl=self.tls or True
            )
            connector._factory = functools.partial(HeadFirst, asyncio.get_running_loop())  # type: ignore[assignment]
            self.sessions[scheme] = aiohttp.ClientSession(
                connector=connector,
                max_line_size=MAX_FIELD,
                max_field_size=MAX_FIELD,
                max_headers=MAX_FIELDS,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
                proxy=self.proxy,
                headers={
                    "User-Agent": USER_AGENT,
                    "Content-Type": "application/json",
                    # People read the beginning of what is answered.
                    "Accept-Encoding": "identity",
                },
            )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for session in self.sessions.values():
            await session.close()

    async def send(self, message: Message) -> Outcome:
        """Send the message. Raises nothing but a cancellation. A redirect is a failure."""
        target = message.target
        # Ours come last: nobody but us signs.
        signed = signed_headers(target.signers, message.id, message.body)
        began = time.monotonic()
        status, error, asked, text = None, None, None, None
        dialled: list[str] = []
        DIALLED.set(dialled)
        try:
            url = self.checked(target.url)
            if self.proxy is not None and url.scheme == "http":  # There is no CONNECT to carry it.
                signed |= self.proxy_headers
            async with self.sessions[url.scheme].post(
                url,
                data=message.body,
                headers={**target.headers, **signed},
                timeout=client_timeout(target.timeout_s),
                allow_redirects=False,
                proxy_headers=self.proxy_headers if self.proxy else None,
            ) as answer:
                status = answer.status
                asked = asked_wait_s(answer.headers.get("Retry-After"))
                error = None if 200 <= status < 300 else f"answered {status}"
                text = await read_a_little(answer)
        except BadUrl as refused:
            error = str(refused)
        except TimeoutError:
            error = f"no answer within {target.timeout_s:g} s"
        except (
            Exception
        ) as failed:  # Whatever it is, this was an attempt, and the delivery must not be lost.
            error = f"{type(failed).__name__}: {failed}"[:500].replace("\0", "")
        took_ms = round((time.monotonic() - began) * 1000)
        address = dialled[-1] if dialled else None
        return Outcome(error is None, status, error, took_ms, asked, address, text)


async def read_a_little(answer: aiohttp.ClientResponse) -> str:
    """Return the beginning of the body, whatever becomes of it: it may end too soon, never end, or
    be malformed. Without NUL, which Postgres never stores."""
    if answer.content.at_eof():
        return ""
    found = b""
    try:
        async with asyncio.timeout(READ_S):
            while len(found) < READ_LIMIT:
                part = await answer.content.read(READ_LIMIT - len(found))
                if not part:
                    break
                found += part
    except Exception:
        answer.close()
    return found.decode(errors="replace").replace("\0", "")


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
