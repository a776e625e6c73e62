"""The HTTP application, assembled from data."""

from __future__ import annotations

import asyncpg
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from app.assets import create_asset, list_assets
from app.auth import Keys
from app.db import DATABASE_ERRORS
from app.errors import Refusal, problem
from app.events import list_events
from app.front import Front, response_for
from app.group_commit import GroupCommit
from app.health import healthz, read_metrics, readyz
from app.keys import create_key, list_keys, revoke_key
from app.logs import RequestLog
from app.settings import Network
from app.transactions import (
    create_credit,
    create_debit,
    create_transaction,
    create_transfer,
    list_transactions,
    read_transaction,
)
from app.wallets import create_wallet, list_entries, list_wallets, read_wallet
from app.webhooks import (
    create_webhook,
    delete_webhook,
    list_deliveries,
    list_webhooks,
    read_webhook,
    resend_delivery,
)

MONEY = {"/v1/transfers", "/v1/credits", "/v1/debits", "/v1/transactions"}
ROUTES = [
    Route("/v1/transfers", create_transfer, methods=["POST"]),
    Route("/v1/credits", create_credit, methods=["POST"]),
    Route("/v1/debits", create_debit, methods=["POST"]),
    Route("/v1/transactions", create_transaction, methods=["POST"]),
    Route("/v1/transactions", list_transactions),
    Route("/v1/transactions/{id:int}", read_transaction),
    Route("/v1/assets", create_asset, methods=["POST"]),
    Route("/v1/assets", list_assets),
    Route("/v1/keys", create_key, methods=["POST"]),
    Route("/v1/keys", list_keys),
    Route("/v1/keys/{id:int}", revoke_key, methods=["DELETE"]),
    Route("/v1/wallets", create_wallet, methods=["POST"]),
    Route("/v1/wallets", list_wallets),
    Route("/v1/wallets/{id}", read_wallet),
    Route("/v1/wallets/{id}/entries", list_entries),
    Route("/v1/events", list_events),
    Route("/v1/webhooks", create_webhook, methods=["POST"]),
    Route("/v1/webhooks", list_webhooks),
    Route("/v1/webhooks/{id:int}", read_webhook),
    Route("/v1/webhooks/{id:int}", delete_webhook, methods=["DELETE"]),
    Route("/v1/webhooks/{id:int}/deliveries", list_deliveries),
    Route("/v1/webhooks/{id:int}/deliveries/{seq:int}/resend", resend_delivery, methods=["POST"]),
    Route("/healthz", healthz),
    Route("/readyz", readyz),
    Route("/metrics", read_metrics),
]


DIRECT = {
    route.path: route.endpoint
    for route in ROUTES
    if route.path in MONEY and "POST" in (route.methods or ())
}


def make_app(
    pool: asyncpg.Pool,
    group_commit: GroupCommit,
    webhook_allow: tuple[Network, ...] = (),
    request_log: RequestLog | None = None,
) -> Front:
    """The app over an open pool and a running group commit; whoever made them ends them after it."""
    app = Starlette(
        routes=ROUTES,
        # Those that are named here are answered where they are raised; for Exception alone Starlette would log
        # each one as a failure of the server.
        exception_handlers={
            HTTPException: on_http_exception,
            **dict.fromkeys((Refusal, ClientDisconnect, *DATABASE_ERRORS, Exception), on_exception),
        },
    )
    app.state.pool = pool
    app.state.keys = Keys(pool)
    app.state.group_commit = group_commit
    app.state.webhook_allow = webhook_allow
    return Front(app, DIRECT, request_log or RequestLog(enabled=False))


def on_http_exception(_: Request, error: Exception) -> Response:
    """What routing refuses: no such path, or another method."""
    assert isinstance(error, HTTPException)
    response = problem("method_not_allowed" if error.status_code == 405 else "not_found")
    response.headers.update(error.headers or {})
    return response


def on_exception(request: Request, error: Exception) -> Response:
    return response_for(request, error)
