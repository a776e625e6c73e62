"""Every route of the API in one table. Routing, the checks before a handler, OpenAPI and the
reference are made from it."""

from __future__ import annotations

from app.http.routes.delivery import SINKS, WEBHOOKS
from app.http.routes.feed import CONSUMERS, EVENTS, PROOF
from app.http.routes.money import ASSETS, HOLDS, TRANSACTIONS, WALLETS
from app.http.routes.operation import HEALTH, KEYS
from app.http.routes.route import PLACE, Route

__all__ = ["PLACE", "ROUTES", "SECTIONS", "Route"]

# The API's sections in the order of the documentation, each with what it is about.
SECTIONS: dict[str, tuple[str, list[Route]]] = {
    "Transactions": ("Move value between wallets, and read what was moved.", TRANSACTIONS),
    "Holds": ("Reserve value now, capture or release it later.", HOLDS),
    "Wallets": ("Create wallets, read their balances, change their limits and status.", WALLETS),
    "Assets": ("What wallets hold: a code and the number of decimal places.", ASSETS),
    "Events": ("The feed: every event of the ledger, in order.", EVENTS),
    "Proof": ("The trial balance, and the transparency log that anyone can check.", PROOF),
    "Webhooks": ("Endpoints that events are sent to, and their deliveries.", WEBHOOKS),
    "Sinks": ("Kafka, SQS and Redis Streams that the whole feed is carried to.", SINKS),
    "Consumers": (
        "Workers that read the feed page by page, with a cursor that is kept here.",
        CONSUMERS,
    ),
    "Keys": ("API keys of the ledger.", KEYS),
    "Health": ("For load balancers and monitoring.", HEALTH),
}
ROUTES = [route for _, routes in SECTIONS.values() for route in routes]
