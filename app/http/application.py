"""The HTTP application, assembled from data."""

from __future__ import annotations

from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from app.database.connections import Pool
from app.database.errors import DATABASE_ERRORS
from app.errors import Refusal, problem
from app.http.asgi import Front, Handler, response_for
from app.http.auth import Keys
from app.http.checks import checked
from app.http.openapi import read_docs, read_openapi
from app.http.rate_limit import RateLimit
from app.http.routes import OPERATIONS
from app.logs import RequestLog
from app.posting.group_commit import GroupCommit
from app.posting.redis_locks import RedisLocks
from app.settings import Network
from app.transparency.signed_notes import LogKey

# Past the router: see app.http.asgi.
STATIC = Path(__file__).parent / "static"
DIRECT = {operation.path: checked(operation) for operation in OPERATIONS if operation.keyed}


def by_method(handlers: dict[str, Handler]) -> Handler:
    async def dispatch(request: Request) -> Response:
        return await handlers["GET" if request.method == "HEAD" else request.method](request)

    return dispatch


def make_routes() -> list[BaseRoute]:
    paths: dict[str, dict[str, Handler]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = checked(operation)
    return [
        *(Route(path, by_method(found), methods=list(found)) for path, found in paths.items()),
        Route("/openapi.json", read_openapi),
        Route("/docs", read_docs),
        Mount("/docs", StaticFiles(directory=STATIC / "swagger-ui")),
    ]


def make_app(
    pool: Pool,
    group_commit: GroupCommit,
    webhook_allow: tuple[Network, ...] = (),
    request_log: RequestLog | None = None,
    sink_hosts: frozenset[str] = frozenset(),
    redis_locks: RedisLocks | None = None,
    rate_limit: RateLimit | None = None,
    log_key: LogKey | None = None,
    keys_pool: Pool | None = None,
) -> Front:
    """The app over open pools and a running group commit; whoever made them ends them after it.

    keys_pool: for API keys and readiness alone, so that no read keeps them waiting; None: the same pool.
    """
    app = Starlette(
        routes=make_routes(),
        # Those that are named here are answered where they are raised; for Exception alone Starlette would log
        # each one as a failure of the server.
        exception_handlers={
            HTTPException: on_http_exception,
            **dict.fromkeys((Refusal, ClientDisconnect, *DATABASE_ERRORS, Exception), on_exception),
        },
    )
    # A redirect would name another scheme behind a balancer, and take the API key along in the clear.
    app.router.redirect_slashes = False
    app.state.pool = pool
    app.state.keys = Keys(keys_pool or pool, rate_limit)
    app.state.group_commit = group_commit
    app.state.poster = redis_locks or group_commit
    app.state.webhook_allow = webhook_allow
    app.state.sink_hosts = sink_hosts
    app.state.log_key = log_key
    return Front(app, DIRECT, request_log or RequestLog(enabled=False))


def on_http_exception(_: Request, error: Exception) -> Response:
    """What routing refuses: no such path, or another method."""
    assert isinstance(error, HTTPException)
    response = problem("method_not_allowed" if error.status_code == 405 else "not_found")
    response.headers.update(error.headers or {})
    return response


def on_exception(request: Request, error: Exception) -> Response:
    return response_for(request, error)
