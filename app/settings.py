"""Configuration from the environment, read once at the start.

An empty value means unset. An unknown `ZEROSUM_*` name or a bad value raises BadSetting, whose text
is one sentence that names the setting and says what to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from limits import RateLimitItem

from app import setting_values as read
from app.setting_values import BadSetting, Network
from app.sink_url import SinkUrl

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
    "DATABASE_REPLICA_URL": (
        "none",
        "URLs of standbys of that Postgres, separated by white space: they answer GETs; see the guide to scaling.",
    ),
    "ZEROSUM_REPLICA_LAG": ("10", "Seconds; a standby that is further behind answers nothing."),
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
    "ZEROSUM_URL": (
        "the server on this machine",
        "The server that `zerosum listen` and `zerosum mcp` ask; the server itself does not read it.",
    ),
    "ZEROSUM_CONSOLE": ("on", "off: there is no console at `/console`."),
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
    "ZEROSUM_KEEP_EVENTS": (
        "0",
        "Seconds for which events are kept, at least as long as deliveries; 0: for ever. An event that a "
        "reader has not passed stays.",
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


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment asks for.

    database_url: None: the embedded Postgres in data_dir.
    direct_url: where to LISTEN, past a pooler; None: database_url.
    replica_urls: of standbys that answer reads.
    replica_lag: seconds; a standby that is further behind answers nothing.
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
    keep_events: seconds for which events are kept; 0: for ever.
    webhook_ca_file: certificates that webhooks trust beside the system's.
    webhook_client_cert_file: what webhooks show to servers that ask for a certificate.
    egress_proxy: a proxy that webhooks go through.
    metrics_port: where /metrics and /readyz name everything, without a key; None: nowhere.
    keep_alive: seconds that an idle connection stays open.
    workers: server processes on one socket.
    console: whether there are pages at /console.
    """

    database_url: str | None
    direct_url: str | None
    replica_urls: tuple[str, ...]
    replica_lag: int
    host: str
    port: int
    api_key: str | None
    data_dir: Path
    webhook_allow: tuple[Network, ...]
    webhook_retries: tuple[int, ...] | None
    webhook_disable_after: int
    webhook_answers: bool
    keep_deliveries: int
    keep_events: int
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
    console: bool


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Return the settings of this environment. Raises BadSetting."""
    given = {name: value for name, value in environ.items() if value}
    for name in sorted(given):
        if name.startswith("ZEROSUM_") and name not in KNOWN:
            raise BadSetting(f"{name} is not a setting; known are {', '.join(sorted(KNOWN))}.")
    deliveries = read.seconds(given, "ZEROSUM_KEEP_DELIVERIES", "7776000", "0 for ever")
    return Settings(
        database_url=read.database_url(given, "DATABASE_URL"),
        direct_url=read.database_url(given, "DATABASE_DIRECT_URL"),
        replica_urls=read.replica_urls(given, "DATABASE_REPLICA_URL"),
        replica_lag=read.seconds(
            given, "ZEROSUM_REPLICA_LAG", "10", "as far as reads may be behind"
        ),
        host=given.get("ZEROSUM_HOST", "127.0.0.1"),
        port=read.port(given, "PORT", "8000") or 8000,
        api_key=read.api_key(given.get("ZEROSUM_API_KEY")),
        data_dir=Path(given.get("ZEROSUM_DATA_DIR", ".zerosum")).absolute(),
        webhook_allow=read.networks(given.get("ZEROSUM_WEBHOOK_ALLOW", "")),
        webhook_retries=read.retries(given.get("ZEROSUM_WEBHOOK_RETRIES")),
        webhook_disable_after=read.seconds(
            given, "ZEROSUM_WEBHOOK_DISABLE_AFTER", "432000", "0 for never"
        ),
        webhook_answers=read.flag(given, "ZEROSUM_WEBHOOK_ANSWERS", default="1"),
        keep_deliveries=deliveries,
        keep_events=read.keep_events(given, deliveries),
        webhook_ca_file=read.path(given, "ZEROSUM_WEBHOOK_CA_FILE"),
        webhook_client_cert_file=read.path(given, "ZEROSUM_WEBHOOK_CLIENT_CERT_FILE"),
        egress_proxy=read.egress_proxy(given.get("ZEROSUM_EGRESS_PROXY")),
        allow_unsafe=read.flag(given, "ZEROSUM_ALLOW_UNSAFE"),
        log_requests=read.flag(given, "ZEROSUM_LOG_REQUESTS", default="1"),
        listen=read.flag(given, "ZEROSUM_LISTEN", default="1"),
        sinks=read.sinks(given.get("ZEROSUM_SINKS", "")),
        secret_keys=read.secret_keys(given.get("ZEROSUM_SECRET_KEY", "")),
        redis_url=read.redis_url(given),
        rate_limit=read.rate_limit(given.get("ZEROSUM_RATE_LIMIT")),
        log_key=read.log_key(given.get("ZEROSUM_LOG_KEY")),
        log_key_file=read.path(given, "ZEROSUM_LOG_KEY_FILE"),
        log_origin=read.log_origin(given.get("ZEROSUM_LOG_ORIGIN", "localhost")),
        checkpoint_every=read.seconds(given, "ZEROSUM_CHECKPOINT_EVERY", "3600", "0 for never"),
        metrics_port=read.port(given, "ZEROSUM_METRICS_PORT", ""),
        keep_alive=read.seconds(
            given, "ZEROSUM_KEEP_ALIVE", "75", "more than a balancer keeps it open"
        ),
        console=read.flag(given, "ZEROSUM_CONSOLE", default="1"),
        workers=read.workers(given.get("WEB_CONCURRENCY", "1")),
        sink_hosts=read.sink_hosts(given.get("ZEROSUM_SINK_HOSTS", "")),
    )
