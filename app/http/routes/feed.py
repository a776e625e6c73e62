"""The routes of the feed: events, consumers, proofs."""

from __future__ import annotations

from app.http import answers, bodies
from app.http.handlers import consumers, events, proof
from app.http.responses import BYTES, STREAM, TEXT
from app.http.routes.route import BY_NAME, FEED, FROM, FROM_ZERO, NUMBER, Route, delete, get, post

EVENTS = [
    get("/v1/events", events.list_events, answers.EventList, query=FEED, from_event=True),
    get(
        "/v1/events/stream",
        events.stream_events,
        STREAM,
        query=FROM,
        resumable=True,
        from_event=True,
    ),
]

PROOF = [
    get("/v1/proof", proof.read_proof, answers.Proof),
    get("/v1/proof/checkpoint", proof.read_checkpoint, TEXT),
    get("/v1/proof/events/{seq:number}", proof.read_event_proof, TEXT),
    get(
        "/v1/proof/inclusion",
        proof.read_inclusion,
        answers.Inclusion,
        query={"seq": NUMBER, "size": NUMBER},
        required=("seq",),
    ),
    get(
        "/v1/proof/consistency",
        proof.read_consistency,
        answers.Consistency,
        query={"old_size": FROM_ZERO, "size": FROM_ZERO},
        required=("old_size",),
    ),
    get("/v1/proof/tile/{level:number}/{tile:path}", proof.read_tile, BYTES),
    get("/v1/proof/tile/entries/{tile:path}", proof.read_entries, BYTES),
]

CONSUMERS = [
    Route(
        method="PUT",
        path="/v1/consumers/{name}",
        handler=consumers.put_consumer,
        answers={201: answers.Consumer, 200: answers.Consumer},
        scope="admin",
        body=bodies.ConsumerRequest,
        from_event=True,
    ),
    get("/v1/consumers", consumers.list_consumers, answers.ConsumerList, query=BY_NAME),
    get("/v1/consumers/{name}", consumers.read_consumer, answers.Consumer),
    delete("/v1/consumers/{name}", consumers.delete_consumer),
    post(
        "/v1/consumers/{name}/lease",
        consumers.lease_page,
        {200: answers.LeasedPage},
        "write",
        bodies.PageRequest,
    ),
    post(
        "/v1/consumers/{name}/acknowledge",
        consumers.acknowledge,
        {200: answers.Consumer},
        "write",
        bodies.AcknowledgeRequest,
    ),
    post(
        "/v1/consumers/{name}/rewind",
        consumers.rewind_consumer,
        {200: answers.Consumer},
        "admin",
        bodies.RewindRequest,
        from_event=True,
    ),
]
