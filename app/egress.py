"""The one guard of where this process connects to on a client's word: of webhooks and of sinks.

Webhooks go to globally routable addresses, and to networks that the operator allows. That is
checked three times: the URL when an endpoint is created; the URL's literal address, and every
resolved address, when a webhook is sent. The connection goes to the very addresses that were
checked, so a name that changes between check and use gains nothing, and redirects are not followed.
With ZEROSUM_EGRESS_PROXY the proxy resolves names and connects: only the URL is checked here, and
which addresses may be reached is for the proxy to decide. Sinks that are created over the API go to
hosts that the operator names.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from app.setting_values import Network

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Python 3.11 does not call all of these "not global". From the IANA special-purpose registries, and
# multicast.
DENIED = [
    ipaddress.ip_network(network)
    for network in [
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/128",
        "::1/128",
        "100::/64",
        "2001::/23",
        "2001:db8::/32",
        "3fff::/20",
        "5f00::/16",
        "64:ff9b:1::/48",
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    ]
]
# All of IPv6 that is routed. The rest is reserved, and some of it stands for IPv4 addresses in some
# systems.
GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
TRANSLATED = ipaddress.IPv6Network("::ffff:0:0:0/96")
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
COMPATIBLE = ipaddress.IPv6Network("::/96")
HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9])?\.?", re.IGNORECASE)
HOST_OF = re.compile(r":[0-9]*$")
NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.IGNORECASE)
URL_LIMIT = 2048


class BadUrl(Exception):
    """A URL that webhooks may not go to; the message says why."""


def embedded(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address stands for (mapped, translated, compatible,
    NAT64, 6to4), or the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if (
        address in NAT64
        or address in TRANSLATED
        or (address in COMPATIBLE and int(address) > 0xFFFF)
    ):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def is_allowed(text: str, allow: tuple[Network, ...], routable: bool = True) -> bool:
    """Return whether a connection may go to this address. routable: to the whole internet, not only
    to allowed networks."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    real = embedded(address)
    if any(address in network or real in network for network in allow):
        return True
    if real.version == 6 and real not in GLOBAL_UNICAST:
        return False
    return routable and real.is_global and not any(real in network for network in DENIED)


def check_url(url: str, allow: tuple[Network, ...], proxied: bool = False) -> None:
    """Raise BadUrl unless a webhook may be sent to this URL, as far as the URL alone tells.

    It is https, or http where every address of the name is in `allow`, without user name, password
    and fragment. proxied: a proxy resolves names, so that http goes to literal addresses only.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise BadUrl(f"It is not a URL: {error}.") from None
    if len(url) > URL_LIMIT or not url.isascii() or re.search(r"[\x00-\x20\x7f\\]", url):
        raise BadUrl(f"It must be at most {URL_LIMIT} printable ASCII characters.")
    if parts.scheme not in {"https", "http"} or not host or port == 0:
        raise BadUrl("It must begin with https:// and a host.")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise BadUrl("It must have no user name, password or fragment.")
    if parts.scheme == "http" and not allow:
        raise BadUrl("http:// goes only to networks in ZEROSUM_WEBHOOK_ALLOW; use https://.")
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        # Some libraries take 127.1, 2130706433 and 0x7f.1 for addresses, and look up no name that
        # could be checked.
        if not HOST.fullmatch(host) or NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]):
            raise BadUrl(f"{host!r} is not a host name.") from None
        if proxied and parts.scheme == "http":
            raise BadUrl("Through a proxy http:// goes to addresses only; use https://.") from None
        return
    if not is_allowed(host, allow, routable=parts.scheme == "https"):
        raise BadUrl(f"{host} is not a globally routable address and not in ZEROSUM_WEBHOOK_ALLOW.")


def refused_place(places: Iterable[str], allowed: frozenset[str]) -> str | None:
    """Return the first place (host:port, or host alone) that a sink would connect to and the
    operator does not allow; None: all are allowed."""
    for place in places:
        if place not in allowed and HOST_OF.sub("", place) not in allowed:
            return place
    return None
