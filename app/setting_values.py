"""How single settings are read: each function parses one value, or raises BadSetting, whose text is
one sentence that names the setting and says what to do."""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from limits import RateLimitItem, parse

from app.api_keys import API_KEY
from app.database.url import BadUrl, driver_url
from app.sink_url import BadSink, SinkUrl, parse_sink_url

MAX_WORKERS = 64
RATE = re.compile(r"[1-9][0-9]{0,8}/(second|minute|hour|day)")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class BadSetting(Exception):
    """A setting that can't be used; the message names it and says what would do."""


def api_key(text: str | None) -> str | None:
    if text is not None and not API_KEY.fullmatch(text):
        raise BadSetting(
            "ZEROSUM_API_KEY must be zs_ followed by 16 to 200 letters, digits, '-' or '_'."
        )
    return text


def database_url(given: Mapping[str, str], name: str) -> str | None:
    value = given.get(name)
    try:
        return None if value is None else driver_url(value)
    except BadUrl as error:
        raise BadSetting(f"{name} {error}") from None


def replica_urls(given: Mapping[str, str], name: str) -> tuple[str, ...]:
    """Parse URLs with white space between them."""
    return tuple(
        url
        for text in given.get(name, "").split()
        if (url := database_url({name: text}, name)) is not None
    )


def workers(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MAX_WORKERS):
        raise BadSetting(f"WEB_CONCURRENCY must be a whole number from 1 to {MAX_WORKERS}.")
    return int(text)


def rate_limit(text: str | None) -> RateLimitItem | None:
    """Parse a limit such as 100/second or 5000/minute."""
    if text is None:
        return None
    if not RATE.fullmatch(text):
        raise BadSetting(
            f"ZEROSUM_RATE_LIMIT is {text!r}; set it to, for example, 100/second or 5000/minute."
        )
    return parse(text)


def redis_url(given: Mapping[str, str]) -> str | None:
    value = given.get("REDIS_URL")
    if value is not None and not value.startswith(("redis://", "rediss://", "unix://")):
        raise BadSetting("REDIS_URL must begin with redis://, rediss:// or unix://.")
    return value


def log_key(text: str | None, where: str = "ZEROSUM_LOG_KEY") -> bytes | None:
    return None if text is None else key_bytes(text, where, "zerosum proof key makes one")


def secret_keys(text: str) -> tuple[bytes, ...]:
    """Parse keys that are separated by commas or white space."""
    parts = [part for part in re.split(r"[,\s]+", text) if part]
    return tuple(
        key_bytes(part, "ZEROSUM_SECRET_KEY", "openssl rand -base64 32 makes one") for part in parts
    )


def key_bytes(text: str, where: str, hint: str) -> bytes:
    """Parse a key: 32 bytes in base64 or hexadecimal, as hosts' generators of secrets return them."""
    seed = b""
    if re.fullmatch(r"[0-9a-fA-F]{64}", text):
        seed = bytes.fromhex(text)
    elif re.fullmatch(r"[A-Za-z0-9+/]{43}=?", text):
        seed = base64.b64decode(f"{text[:43]}=")
    if len(seed) != 32:
        raise BadSetting(f"{where} must be 32 random bytes, in base64 or hexadecimal; {hint}.")
    return seed


def log_origin(text: str) -> str:
    """Parse an origin such as example.com/wallets: a URL's host and path, without its scheme."""
    if (
        not re.fullmatch(r"[A-Za-z0-9._:/-]{1,200}", text)
        or text.startswith("/")
        or text.endswith("/")
    ):
        raise BadSetting(
            f"ZEROSUM_LOG_ORIGIN is {text!r}; set it to, for example, example.com/wallets."
        )
    return text


def port(given: Mapping[str, str], name: str, default: str) -> int | None:
    """Parse a port; None: there is none."""
    text = given.get(name, default)
    if text and (not re.fullmatch(r"[0-9]{1,5}", text) or not 1 <= int(text) <= 65535):
        raise BadSetting(f"{name} is {text!r}; set it to a number from 1 to 65535.")
    return int(text) if text else None


def seconds(given: Mapping[str, str], name: str, default: str, hint: str) -> int:
    text = given.get(name, default)
    if not re.fullmatch(r"[0-9]{1,8}", text):
        raise BadSetting(f"{name} is {text!r}; set it to whole seconds, {hint}.")
    return int(text)


def keep_events(given: Mapping[str, str], deliveries: int) -> int:
    """Parse for how long events are kept. deliveries: for how long deliveries are, which need them."""
    events = seconds(given, "ZEROSUM_KEEP_EVENTS", "0", "0 for ever")
    if events and not 0 < deliveries <= events:
        raise BadSetting(
            "ZEROSUM_KEEP_EVENTS must be at least ZEROSUM_KEEP_DELIVERIES, which must not be 0: "
            "a delivery needs its event."
        )
    return events


def path(given: Mapping[str, str], name: str) -> Path | None:
    return Path(given[name]).absolute() if name in given else None


def egress_proxy(text: str | None) -> str | None:
    """Parse the URL of a proxy. The message never shows it: it may have a password."""
    if text is None:
        return None
    try:
        parts = urlsplit(text)
        right = parts.scheme == "http" and bool(parts.hostname) and parts.port is not None
    except ValueError:
        right = False
    if not right or parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise BadSetting(
            "ZEROSUM_EGRESS_PROXY must be http://HOST:PORT, with USER:PASSWORD@ before the host if it asks for them."
        )
    return text


def retries(text: str | None) -> tuple[int, ...] | None:
    """Parse seconds that are separated by commas."""
    if text is None:
        return None
    parts = re.split(r"[,\s]+", text.strip())
    if not all(re.fullmatch(r"[1-9][0-9]{0,6}", part) for part in parts) or len(parts) > 50:
        raise BadSetting(
            f"ZEROSUM_WEBHOOK_RETRIES is {text!r}; set it to up to 50 numbers of seconds, such as 5,60,3600."
        )
    return tuple(int(part) for part in parts)


def flag(given: Mapping[str, str], name: str, default: str = "0") -> bool:
    value = given.get(name, default)
    if value not in {"0", "1", "off", "on"}:
        raise BadSetting(f"{name} is {value!r}; set it to on or off.")
    return value in {"1", "on"}


def sinks(text: str) -> tuple[SinkUrl, ...]:
    """Parse URLs that are separated by white space."""
    found: list[SinkUrl] = []
    for number, url in enumerate(text.split(), 1):
        try:
            sink = parse_sink_url(url)
        except BadSink as error:
            raise BadSetting(f"ZEROSUM_SINKS: URL {number} can't be used: {error}.") from None
        if any(sink.name == other.name for other in found):
            raise BadSetting(f"ZEROSUM_SINKS names {sink.name} twice; give one of them a name=.")
        found.append(sink)
    return tuple(found)


def networks(text: str) -> tuple[Network, ...]:
    """Parse CIDRs that are separated by commas or white space."""
    found: list[Network] = []
    for item in re.split(r"[,\s]+", text.strip()):
        if not item:
            continue
        try:
            found.append(ipaddress.ip_network(item))
        except ValueError as error:
            raise BadSetting(
                f"ZEROSUM_WEBHOOK_ALLOW has {item!r}; give networks such as 10.0.0.0/8 ({error})."
            ) from None
    return tuple(found)


def sink_hosts(text: str) -> frozenset[str]:
    """Parse names that are separated by commas or white space."""
    return frozenset(re.split(r"[,\s]+", text)) - {""}
