"""The routes of API keys, health and metrics."""

from __future__ import annotations

from app.http import answers, bodies
from app.http.handlers import keys, observability
from app.http.responses import TEXT
from app.http.routes.route import ASCENDING, Route, delete, get, post

KEYS = [
    post("/v1/keys", keys.create_key, {201: answers.NewKey}, "admin", bodies.KeyRequest),
    get("/v1/keys", keys.list_keys, answers.KeyList, "admin", query=ASCENDING),
    delete("/v1/keys/{id:number}", keys.revoke_key),
]

HEALTH = [
    Route(
        method="GET",
        path="/healthz",
        handler=observability.healthz,
        answers={200: answers.Health},
        scope=None,
    ),
    Route(
        method="GET",
        path="/readyz",
        handler=observability.readyz,
        answers={200: answers.Health, 503: answers.Health},
        scope="read",
        open=True,
    ),
    get("/metrics", observability.read_metrics, TEXT, open=True),
]
