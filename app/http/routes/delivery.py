"""The routes of what carries events: webhooks and sinks."""

from __future__ import annotations

from app.http import answers, bodies
from app.http.handlers import replays, sinks, webhooks
from app.http.routes.route import ASCENDING, DELIVERIES, NEWEST_FIRST, Route, delete, get, post

WEBHOOKS = [
    post(
        "/v1/webhooks",
        webhooks.create_webhook,
        {201: answers.NewWebhook},
        "admin",
        bodies.WebhookRequest,
    ),
    get("/v1/webhooks", webhooks.list_webhooks, answers.WebhookList, query=ASCENDING),
    get("/v1/webhooks/{id:number}", webhooks.read_webhook, answers.Webhook),
    Route(
        method="PATCH",
        path="/v1/webhooks/{id:number}",
        handler=webhooks.change_webhook,
        answers={200: answers.Webhook},
        scope="admin",
        body=bodies.WebhookChange,
    ),
    delete("/v1/webhooks/{id:number}", webhooks.delete_webhook),
    post(
        "/v1/webhooks/{id:number}/enable",
        webhooks.enable_webhook,
        {200: answers.Webhook},
        "admin",
    ),
    post(
        "/v1/webhooks/{id:number}/disable",
        webhooks.disable_webhook,
        {200: answers.Webhook},
        "admin",
    ),
    post(
        "/v1/webhooks/{id:number}/rotate",
        webhooks.rotate_secret,
        {200: answers.NewWebhook},
        "admin",
        bodies.RotateRequest,
    ),
    post(
        "/v1/webhooks/{id:number}/test",
        webhooks.test_webhook,
        {202: answers.Tested},
        "write",
    ),
    get(
        "/v1/webhooks/{id:number}/deliveries",
        webhooks.list_deliveries,
        answers.DeliveryList,
        query=DELIVERIES,
    ),
    post(
        "/v1/webhooks/{id:number}/deliveries/{seq:number}/resend",
        webhooks.resend_delivery,
        {202: answers.Resent},
        "write",
        from_event=True,
    ),
    post(
        "/v1/webhooks/{id:number}/replays",
        replays.create_replay,
        {202: answers.Replay},
        "write",
        bodies.ReplayRequest,
        from_event=True,
    ),
    post(
        "/v1/webhooks/{id:number}/replays/count",
        replays.count_replay,
        {200: answers.ReplayCount},
        "read",
        bodies.ReplayRequest,
        from_event=True,
    ),
    get(
        "/v1/webhooks/{id:number}/replays",
        replays.list_replays,
        answers.ReplayList,
        query=NEWEST_FIRST,
    ),
    post(
        "/v1/webhooks/{id:number}/replays/{number:number}/cancel",
        replays.cancel_replay,
        {200: answers.Replay},
        "write",
    ),
    post(
        "/v1/webhooks/{id:number}/dismiss",
        replays.dismiss_deliveries,
        {200: answers.Dismissed},
        "write",
        bodies.DismissRequest,
    ),
]

SINKS = [
    post("/v1/sinks", sinks.create_sink, {201: answers.Sink}, "admin", bodies.SinkRequest),
    get("/v1/sinks", sinks.list_sinks, answers.SinkList, query=ASCENDING),
    get("/v1/sinks/{id:number}", sinks.read_sink, answers.Sink),
    delete("/v1/sinks/{id:number}", sinks.remove_sink),
    post("/v1/sinks/{id:number}/pause", sinks.pause_sink, {200: answers.Sink}, "admin"),
    post("/v1/sinks/{id:number}/resume", sinks.resume_sink, {200: answers.Sink}, "admin"),
    post(
        "/v1/sinks/{id:number}/rewind",
        sinks.rewind_sink,
        {200: answers.Sink},
        "admin",
        bodies.RewindRequest,
    ),
]
