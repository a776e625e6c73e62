"""Open connections to receivers: to addresses that were checked, with TLS, or through a proxy."""

from __future__ import annotations

import asyncio
import base64
import functools
import ipaddress
import socket
import ssl
from collections.abc import Sequence
from typing import NamedTuple, cast
from urllib.parse import unquote, urlsplit

import aiohappyeyeballs

from app.setting_values import Network
from relay.webhooks.connection import BadAnswer, Connection
from relay.webhooks.resolver import GuardedResolver

# Between the first tries of an IPv6 and of an IPv4 address (RFC 8305, section 5).
NEXT_ADDRESS_S = 0.25
AddressInfo = aiohappyeyeballs.AddrInfoType


class Place(NamedTuple):
    """Where a connection goes. host: without brackets."""

    scheme: str
    host: str
    port: int


class Proxy:
    """An HTTP proxy, by its URL. authorization: the value of Proxy-Authorization, if it asks for
    one. The password is in no error."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.host, self.port = parts.hostname or "", parts.port or 0
        self.authorization: str | None = None
        if parts.username is not None:
            given = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            self.authorization = f"Basic {base64.b64encode(given.encode()).decode()}"


class Dialler:
    """open() connections. http goes to allowed networks only, so each scheme has a resolver of its
    own. proxy: it resolves names, and decides which of their addresses are reached."""

    def __init__(
        self, allow: tuple[Network, ...], tls: ssl.SSLContext | None, proxy: Proxy | None
    ) -> None:
        """tls: None: as the system has it. An event loop runs."""
        self.tls, self.proxy = tls or ssl.create_default_context(), proxy
        self.resolvers = {
            scheme: GuardedResolver(allow, routable=scheme == "https")
            for scheme in (() if proxy else ("http", "https"))
        }

    async def close(self) -> None:
        for resolver in self.resolvers.values():
            await resolver.close()

    async def open(self, place: Place, dialled: list[str]) -> Connection:
        """Return a new connection. dialled: gets each address that is tried.

        Raises OSError (a name, a network, TLS) and BadAnswer (of a proxy). The caller bounds the time.
        """
        found: Sequence[AddressInfo]
        if self.proxy is None:
            found = await self.addresses(place)
        else:
            loop = asyncio.get_running_loop()
            found = await loop.getaddrinfo(
                self.proxy.host, self.proxy.port, type=socket.SOCK_STREAM
            )
        opened = await aiohappyeyeballs.start_connection(
            found,
            happy_eyeballs_delay=NEXT_ADDRESS_S,
            interleave=1,
            socket_factory=functools.partial(open_socket, dialled),
        )
        tls = self.tls if place.scheme == "https" and self.proxy is None else None
        _, connection = await asyncio.get_running_loop().create_connection(
            functools.partial(Connection, dialled[-1]),
            sock=opened,
            ssl=tls,
            server_hostname=server_name(place) if tls else None,
        )
        if self.proxy is not None and place.scheme == "https":
            return await self.tunnel(connection, place, self.proxy)
        return connection

    async def addresses(self, place: Place) -> list[AddressInfo]:
        """Return the checked addresses of a place. The caller has checked one that stands in the
        URL."""
        try:
            address = ipaddress.ip_address(place.host)
        except ValueError:
            resolver = self.resolvers[place.scheme]
            return [
                (
                    found["family"],
                    socket.SOCK_STREAM,
                    found["proto"],
                    "",
                    (found["host"], place.port),
                )
                for found in await resolver.resolve(place.host, place.port)
            ]
        family = socket.AF_INET if address.version == 4 else socket.AF_INET6
        return [(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (str(address), place.port))]

    async def tunnel(self, connection: Connection, place: Place, proxy: Proxy) -> Connection:
        """Return a connection through the proxy, with TLS to its end (RFC 9110, section 9.3.6)."""
        end = authority(place)
        request = f"CONNECT {end} HTTP/1.1\r\nHost: {end}\r\n"
        if proxy.authorization is not None:
            request += f"Proxy-Authorization: {proxy.authorization}\r\n"
        answer = await connection.ask(f"{request}\r\n".encode(), head_only=True)
        plain = connection.transport
        if not 200 <= answer.status < 300 or answer.body or plain is None:
            connection.close()
            raise BadAnswer(f"the proxy answered {answer.status} to CONNECT")
        inner = Connection(connection.address)
        transport = await asyncio.get_running_loop().start_tls(
            plain, inner, self.tls, server_hostname=server_name(place)
        )
        inner.connection_made(cast(asyncio.BaseTransport, transport))
        return inner


def open_socket(dialled: list[str], info: AddressInfo) -> socket.socket:
    """Open a socket for an address, and note it."""
    family, kind, proto, _, address = info
    dialled.append(str(address[0]))
    made = socket.socket(family, kind, proto)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def server_name(place: Place) -> str:
    """Return the name that TLS checks: a root's dot at the end is in no certificate."""
    return place.host.rstrip(".")


def authority(place: Place) -> str:
    """Return host:port, an IPv6 address in brackets."""
    host = f"[{place.host}]" if ":" in place.host else place.host
    return f"{host}:{place.port}"
