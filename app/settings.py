"""Configuration from the environment, read once at the start.

An empty value means unset. An unknown `ZEROSUM_*` name or a bad value raises BadSetting, whose text
is one sentence that names the setting and says what to do.
"""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from limits import RateLimitItem, parse

from app.api_keys import API_KEY
from app.database.url import BadUrl, driver_url
from app.sink_url import BadSink, SinkUrl, parse_sink_url

# What the environment may set: the default in words, and what the setting does. The reference of
# settings is generated from this.
SETTINGS: dict[str, tuple[str, str]] = {
    "DATABASE_URL": (
        "the embedded Postgres",
        "The Postgres, 15 to 18, that holds the wallets. Any form that the driver or libpq knows.",
    ),
    "DATABASE_DIRECT_URL": (
        "`DATABASE_URL`",
        "A URL past the pooler, where `DATABASE_URL` names one: the relay listens and migrations run there.",
    ),
    "PORT": ("8000", "The port of the API."),
    "WEB_CONCURRENCY": (
        "1",
        "Server processes that share the port, as Heroku sets it; `zerosum serve --workers N` says the same.",
    ),
    "REDIS_URL": (
        "none",
        "An optional Redis: it refuses concurrent duplicates at once, caches answers and shares rate limits.",
    ),
    "ZEROSUM_HOST": ("127.0.0.1", "The address to listen on; the Procfile sets 0.0.0.0."),
    "ZEROSUM_API_KEY": (
        "drawn by the first start and printed once",
        "An admin key of the ledger `main`: `zs_` and 16 to 200 of A-Z a-z 0-9 _ -. A changed value adds a key; "
        "the old one stays until it is revoked.",
    ),
    "ZEROSUM_DATA_DIR": (
        "`.zerosum`",
        "The folder of the embedded Postgres. Run by root in a folder that only root may enter, it is a link "
        "into `/var/lib/zerosum`.",
    ),
    "ZEROSUM_ALLOW_UNSAFE": (
        "off",
        "on: serve from a Postgres with fsync, full_page_writes or synchronous_commit off.",
    ),
    "ZEROSUM_KEEP_ALIVE": (
        "75",
        "Seconds that an idle connection stays open: more than a load balancer keeps it.",
    ),
    "ZEROSUM_LOG_REQUESTS": ("on", "off: no log line for each request."),
    "ZEROSUM_METRICS_PORT": (
        "none",
        "A private port for `/metrics` and `/readyz` that names all ledgers and sinks and needs no key; "
        "each worker has its own, this one and those after it.",
    ),
    "ZEROSUM_RATE_LIMIT": (
        "none",
        "Requests that an API key may make, such as `100/second` or `5000/minute`: in all processes together "
        "with `REDIS_URL`, else in each.",
    ),
    "ZEROSUM_LISTEN": ("on", "off: the relay polls about once a second and never listens."),
    "ZEROSUM_WEBHOOK_ALLOW": (
        "none",
        "Private networks that webhooks may reach, such as `10.0.0.0/8`, separated by commas.",
    ),
    "ZEROSUM_WEBHOOK_RETRIES": (
        "1,5,30,120,600,1800,7200,18000,36000,50400,72000,86400",
        "Seconds to wait before each retry of a webhook, separated by commas; ±20 % at random.",
    ),
    "ZEROSUM_WEBHOOK_DISABLE_AFTER": (
        "432000",
        "Seconds after which a webhook endpoint where nothing has arrived is disabled, with a warning after half of "
        "them; 0: never.",
    ),
    "ZEROSUM_WEBHOOK_ANSWERS": (
        "on",
        "off: the beginning of what endpoints answer (4 KiB) is not stored with each attempt.",
    ),
    "ZEROSUM_KEEP_DELIVERIES": (
        "7776000",
        "Seconds for which settled deliveries and their attempts are kept; 0: for ever.",
    ),
    "ZEROSUM_WEBHOOK_CA_FILE": (
        "none",
        "A PEM file of certificates that webhooks trust beside the system's.",
    ),
    "ZEROSUM_WEBHOOK_CLIENT_CERT_FILE": (
        "none",
        "A PEM file with a certificate and its key, which webhooks show to servers that ask for one (mTLS).",
    ),
    "ZEROSUM_EGRESS_PROXY": (
        "none",
        "`http://USER:PASSWORD@HOST:PORT` of a proxy with CONNECT that all webhooks go through; it resolves names, "
        "and so decides which addresses are reached.",
    ),
    "ZEROSUM_SINKS": (
        "none",
        "Sinks of every ledger, as URLs separated by white space; see the guide to sinks.",
    ),
    "ZEROSUM_SECRET_KEY": (
        "none",
        "Encrypts secrets of webhooks, their header fields and URLs of sinks in the database: 32 random bytes in "
        "base64 or hexadecimal. Several, separated by commas: the first encrypts, all decrypt.",
    ),
    "ZEROSUM_SINK_HOSTS": (
        "none",
        "`host` or `host:port`, separated by commas, that sinks created over the API may go to.",
    ),
    "ZEROSUM_LOG_KEY": (
        "none",
        "The key that signs the log's checkpoints: 32 random bytes in base64 or hexadecimal.",
    ),
    "ZEROSUM_LOG_KEY_FILE": (
        "with the embedded Postgres a file in its folder",
        "A file with that key; the first start creates it.",
    ),
    "ZEROSUM_LOG_ORIGIN": (
        "localhost",
        "What the logs are named by, such as `example.com/wallets`: the log of the ledger `main` is then "
        "`example.com/wallets/main`.",
    ),
    "ZEROSUM_CHECKPOINT_EVERY": (
        "3600",
        "Seconds from one `ledger.checkpoint` event to the next; 0: never.",
    ),
}
KNOWN = {name for name in SETTINGS if name.startswith("ZEROSUM_")}

MAX_WORKERS = 64
RATE = re.compile(r"[1-9][0-9]{0,8}/(second|minute|hour|day)")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class BadSetting(Exception):
    """A setting that can't be used; the message names it and says what would do."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment asks for.

    database_url: None: the embedded Postgres in data_dir.
    direct_url: where to LISTEN, past a pooler; None: database_url.
    log_requests: write a line for each request.
    allow_unsafe: serve from a Postgres that may lose commits.
    listen: wake the relay by LISTEN; if not, it polls.
    sinks: where every ledger's feed goes, besides webhooks.
    secret_keys: what encrypts secrets in the database; the first encrypts, all decrypt.
    redis_url: for locks and answers of idempotency keys, and rate limits, shared by processes.
    rate_limit: how many requests an API key may make in how long; None: no limit.
    log_key: what signs checkpoints; None: the key in log_key_file.
    log_key_file: None: a file in data_dir with the embedded Postgres, else none.
    log_origin: what the ledgers' logs are named by.
    checkpoint_every: seconds from one checkpoint event to the next; 0: never.
    sink_hosts: host or host:port that sinks created over the API may go to.
    webhook_allow: networks that webhooks may reach although they are not globally routable.
    webhook_retries: seconds to wait before each retry; None: the schedule of Standard Webhooks.
    webhook_disable_after: seconds without an arrival until an endpoint is disabled; 0: never.
    webhook_answers: store the beginning of answers.
    keep_deliveries: seconds for which settled deliveries are kept; 0: for ever.
    webhook_ca_file: certificates that webhooks trust beside the system's.
    webhook_client_cert_file: what webhooks show to servers that ask for a certificate.
    egress_proxy: a proxy that webhooks go through.
    metrics_port: where /metrics and /readyz name everything, without a key; None: nowhere.
    keep_alive: seconds that an idle connection stays open.
    workers: server processes on one socket.
    """

    database_url: str | None
    direct_url: str | None
    host: str
    port: int
    api_key: str | None
    data_dir: Path
    webhook_allow: tuple[Network, ...]
    webhook_retries: tuple[int, ...] | None
    webhook_disable_after: int
    webhook_answers: bool
    keep_deliveries: int
    webhook_ca_file: Path | None
    webhook_client_cert_file: Path | None
    egress_proxy: str | None
    allow_unsafe: bool
    log_requests: bool
    listen: bool
    sinks: tuple[SinkUrl, ...]
    sink_hosts: frozenset[str]
    secret_keys: tuple[bytes, ...]
    redis_url: str | None
    rate_limit: RateLimitItem | None
    log_key: bytes | None
    log_key_file: Path | None
    log_origin: str
    checkpoint_every: int
    metrics_port: int | None
    keep_alive: int
    workers: int


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Return the settings of this environment. Raises BadSetting."""
    given = {name: value for name, value in environ.items() if value}
    for name in sorted(given):
        if name.startswith("ZEROSUM_") and name not in KNOWN:
            raise BadSetting(f"{name} is not a setting; known are {', '.join(sorted(KNOWN))}.")
    api_key = given.get("ZEROSUM_API_KEY")
    if api_key is not None and not API_KEY.fullmatch(api_key):
        raise BadSetting(
            "ZEROSUM_API_KEY must be zs_ followed by 16 to 200 letters, digits, '-' or '_'."
        )
    return Settings(
        database_url=database_url(given, "DATABASE_URL"),
        direct_url=database_url(given, "DATABASE_DIRECT_URL"),
        host=given.get("ZEROSUM_HOST", "127.0.0.1"),
        port=port(given, "PORT", "8000") or 8000,
        api_key=api_key,
        data_dir=Path(given.get("ZEROSUM_DATA_DIR", ".zerosum")).absolute(),
        webhook_allow=networks(given.get("ZEROSUM_WEBHOOK_ALLOW", "")),
        webhook_retries=retries(given.get("ZEROSUM_WEBHOOK_RETRIES")),
        webhook_disable_after=seconds(
            given, "ZEROSUM_WEBHOOK_DISABLE_AFTER", "432000", "0 for never"
        ),
        webhook_answers=flag(given, "ZEROSUM_WEBHOOK_ANSWERS", default="1"),
        keep_deliveries=seconds(given, "ZEROSUM_KEEP_DELIVERIES", "7776000", "0 for ever"),
        webhook_ca_file=path(given, "ZEROSUM_WEBHOOK_CA_FILE"),
        webhook_client_cert_file=path(given, "ZEROSUM_WEBHOOK_CLIENT_CERT_FILE"),
        egress_proxy=egress_proxy(given.get("ZEROSUM_EGRESS_PROXY")),
        allow_unsafe=flag(given, "ZEROSUM_ALLOW_UNSAFE"),
        log_requests=flag(given, "ZEROSUM_LOG_REQUESTS", default="1"),
        listen=flag(given, "ZEROSUM_LISTEN", default="1"),
        sinks=sinks(given.get("ZEROSUM_SINKS", "")),
        secret_keys=secret_keys(given.get("ZEROSUM_SECRET_KEY", "")),
        redis_url=redis_url(given),
        rate_limit=rate_limit(given.get("ZEROSUM_RATE_LIMIT")),
        log_key=log_key(given.get("ZEROSUM_LOG_KEY")),
        log_key_file=path(given, "ZEROSUM_LOG_KEY_FILE"),
        log_origin=log_origin(given.get("ZEROSUM_LOG_ORIGIN", "localhost")),
        checkpoint_every=seconds(given, "ZEROSUM_CHECKPOINT_EVERY", "3600", "0 for never"),
        metrics_port=port(given, "ZEROSUM_METRICS_PORT", ""),
        keep_alive=seconds(given, "ZEROSUM_KEEP_ALIVE", "75", "more than a balancer keeps it open"),
        workers=workers(given.get("WEB_CONCURRENCY", "1")),
        sink_hosts=frozenset(re.split(r"[,\s]+", given.get("ZEROSUM_SINK_HOSTS", ""))) - {""},
    )


def database_url(given: Mapping[str, str], name: str) -> str | None:
    value = given.get(name)
    try:
        return None if value is None else driver_url(value)
    except BadUrl as error:
        raise BadSetting(f"{name} {error}") from None


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
