"""One process: the embedded Postgres if asked for, migrations, the HTTP server and the relay.

SIGTERM and SIGINT stop the server after the requests in flight are answered; then the pool closes,
then the embedded Postgres stops.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import resource
import signal
import socket
from collections.abc import AsyncIterator

import uvicorn
import uvloop
from starlette.routing import BaseRoute

from app.api_keys import key_hash
from app.console.console import console_routes
from app.console.rates import Rates
from app.console.sessions import sign_in_link
from app.database.connections import Pool, call, connect_to_post, is_pooled, open_pool
from app.database.replicas import Replicas
from app.encryption import Encryption
from app.host.embedded import database
from app.host.greeting import greeting
from app.host.secret_files import ensure_log_key, known_key
from app.host.startup import prepare
from app.host.supervise import running
from app.host.workers import Parent
from app.http.application import make_app
from app.http.auth import Keys
from app.http.feed.pages import FeedPages
from app.http.feed.watch import FeedWatch
from app.http.metrics_server import metrics_server
from app.http.rate_limit import RateLimit
from app.http.server import Server, bind, bind_metrics
from app.http.services import Services
from app.http.uvicorn_protocol import Protocol
from app.logs import RequestLog, set_up_logs
from app.posting.group_commit import GroupCommit
from app.posting.redis_locks import RedisLocks
from app.settings import Settings
from app.transparency.signed_notes import LogKey
from relay import relay as relay_module
from relay.retention import Keep
from relay.webhooks.backoff import SCHEDULE_S
from relay.webhooks.policy import WebhookPolicy
from relay.webhooks.sender import WebhookSender
from relay.webhooks.tls import webhook_tls

POOL_SIZE = 2  # for reads; one more for API keys, two for the group commit
KEYS_LIMIT_S = 3.0  # A look-up takes a millisecond.
MAX_FILES = 65_536
GRACE_S = 20  # Hosts kill 30 s after SIGTERM.


def serve(
    settings: Settings,
    relay: bool = True,
    stamp_only: bool = False,
    listening_fileno: int | None = None,
    parent_fileno: int | None = None,
    quiet: bool = False,
) -> None:
    """Serve until a signal. stamp_only: the relay only stamps. quiet: print no greeting.

    listening_fileno, parent_fileno: a worker's, see app/host/workers.py.

    Raises EmbeddedError, EditedMigration, NotReady, BadSetting.
    """
    set_up_logs()
    allow_many_files()
    if listening_fileno is None:
        listening = bind(settings.host, settings.port, "PORT")
    else:
        listening = socket.socket(fileno=listening_fileno)
    parent = None if parent_fileno is None else Parent(parent_fileno)
    with (
        listening,
        bind_metrics(settings) as metrics_socket,
        database(settings) as url,
        asyncio.Runner(loop_factory=uvloop.Loop) as runner,
    ):
        runner.run(
            serve_database(
                settings, url, listening, metrics_socket, relay, stamp_only, parent, quiet
            )
        )


async def serve_database(
    settings: Settings,
    url: str,
    listening: socket.socket,
    metrics_socket: socket.socket | None,
    relay: bool,
    stamp_only: bool,
    parent: Parent | None,
    quiet: bool,
) -> None:
    """Migrate, open what the app needs, serve until a signal, and close it again in reverse order."""
    url, api_key = await prepare(settings, url)
    async with contextlib.AsyncExitStack() as stack:
        pooled = await is_pooled(url)
        pool = await open_pool(url, POOL_SIZE, pooled)
        stack.push_async_callback(pool.close)
        keys_pool = await open_pool(url, 1, pooled, KEYS_LIMIT_S)
        stack.push_async_callback(keys_pool.close)
        group_commit = GroupCommit(functools.partial(connect_to_post, url, pooled))
        await stack.enter_async_context(running(group_commit.run))
        redis_locks = None
        if settings.redis_url is not None:
            redis_locks = RedisLocks(settings.redis_url, pool, group_commit)
            await stack.enter_async_context(running(redis_locks.run))
        rate_limit = None
        if settings.rate_limit is not None:
            ((deployment, _, _),) = await call(pool, "identity")
            rate_limit = RateLimit(settings.rate_limit, settings.redis_url, deployment)
            stack.push_async_callback(rate_limit.close)
        replicas = await open_replicas(stack, settings, pool)
        log_key = ensure_log_key(settings)
        if relay or stamp_only:
            await stack.enter_async_context(relaying(settings, url, pooled, stamp_only, log_key))
        services = Services(
            pool=pool,
            keys=Keys(keys_pool, rate_limit),
            group_commit=group_commit,
            poster=redis_locks or group_commit,
            feed=FeedWatch(pool),
            pages=FeedPages(pool),
            replicas=replicas,
            webhook_allow=settings.webhook_allow,
            webhooks_proxied=settings.egress_proxy is not None,
            encryption=Encryption(settings.secret_keys),
            sink_hosts=settings.sink_hosts,
            log_key=log_key,
            request_log=RequestLog(settings.log_requests),
        )
        more: list[BaseRoute] = []
        if settings.console:
            rates = Rates(pool)
            more = console_routes(services, rates)
            await stack.enter_async_context(running(rates.run))
        config = uvicorn.Config(
            make_app(services, more),
            http=Protocol,
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            lifespan="off",
            timeout_graceful_shutdown=GRACE_S,
            timeout_keep_alive=settings.keep_alive,
        )
        server = Server(config)
        loop = asyncio.get_running_loop()
        for sig in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(sig, stop, server, services)

        link = None if quiet else await first_link(settings, pool)

        def greet() -> None:
            if not quiet:
                print(greeting(settings, api_key, link), flush=True)
            if parent is not None:
                parent.say_ready()

        server.when_started = greet
        if parent is not None:
            ending = asyncio.create_task(end_with(parent, server, services))
            stack.callback(ending.cancel)
        await stack.enter_async_context(
            metrics_server(metrics_socket, keys_pool, group_commit, replicas)
        )
        collect_rarely()
        await server.serve([listening])


async def open_replicas(
    stack: contextlib.AsyncExitStack, settings: Settings, primary: Pool
) -> Replicas | None:
    """Look at the standbys, and go on looking until the stack closes; None: there are none."""
    if not settings.replica_urls:
        return None
    replicas = Replicas(primary, settings.replica_urls, settings.replica_lag)
    stack.push_async_callback(replicas.close)
    await replicas.look()
    await stack.enter_async_context(running(replicas.run))
    return replicas


async def first_link(settings: Settings, pool: Pool) -> str | None:
    """Return a link that signs in to the console once, where only somebody at this machine can read
    what a start prints and reach the console: with the embedded Postgres, on the loopback."""
    key = known_key(settings)
    here = settings.database_url is None and settings.host in {"127.0.0.1", "::1", "localhost"}
    if not (settings.console and here) or key is None:
        return None
    return await sign_in_link(pool, key_hash(key))


def relay_only(settings: Settings, stamp_only: bool = False) -> None:
    """Run the relay until a signal. Raises as serve()."""
    set_up_logs()
    allow_many_files()
    with (
        bind_metrics(settings) as metrics_socket,
        database(settings) as url,
        asyncio.Runner(loop_factory=uvloop.Loop) as runner,
    ):
        runner.run(relay_database(settings, url, metrics_socket, stamp_only))


async def relay_database(
    settings: Settings, url: str, metrics_socket: socket.socket | None, stamp_only: bool
) -> None:
    url, _ = await prepare(settings, url)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sig in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sig, ended.set)
    log_key = ensure_log_key(settings)
    async with (
        relaying(settings, url, await is_pooled(url), stamp_only, log_key) as pool,
        metrics_server(metrics_socket, pool, None),
    ):
        await ended.wait()


@contextlib.asynccontextmanager
async def relaying(
    settings: Settings, url: str, pooled: bool, stamp_only: bool, log_key: LogKey | None
) -> AsyncIterator[Pool]:
    """A relay with connections of its own, whose pool this yields, for as long as the block runs."""
    pool = await open_pool(url, relay_module.POOL_SIZE, pooled)
    try:
        sender = WebhookSender(
            settings.webhook_allow,
            webhook_tls(settings.webhook_ca_file, settings.webhook_client_cert_file),
            settings.egress_proxy,
        )
        listen_url = (settings.direct_url or url) if settings.listen else None
        relay = relay_module.Relay(
            pool,
            listen_url,
            sender,
            carries=not stamp_only,
            log_key=log_key,
            checkpoint_every_s=settings.checkpoint_every,
            encryption=Encryption(settings.secret_keys),
            policy=WebhookPolicy(
                retries_s=settings.webhook_retries or SCHEDULE_S,
                keep_answers=settings.webhook_answers,
                disable_after_s=settings.webhook_disable_after,
            ),
            keep=Keep(settings.keep_deliveries, settings.keep_events),
        )
        async with sender, running(relay.run):
            yield pool
    finally:
        await pool.close()


def allow_many_files() -> None:
    """Allow as many sockets as the system lets us have: hosts' defaults are too low."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_FILES if hard == resource.RLIM_INFINITY else min(hard, MAX_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def collect_rarely() -> None:
    """Freeze what is in memory now: the garbage collector ignores it, and looks less often at what
    comes and goes.

    Requests leave it nothing to find: 14,000 of them left 1,700 objects. Looking after every 700
    took a twentieth of the time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def stop(server: Server, services: Services) -> None:
    server.should_exit = True
    services.feed.close()


async def end_with(parent: Parent, server: Server, services: Services) -> None:
    await parent.gone()
    stop(server, services)
