"""A shop that is paid from wallets: it reserves with a hold, captures when it ships, and learns of
top-ups by webhook. Its own tables are in SQLite; the money is in Zerosum, over HTTP.

ZEROSUM_URL, ZEROSUM_API_KEY: of the server. SHOP_SECRET: of the webhook. SHOP_DB: a file.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import AsyncIterator
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from zerosum_client import AsyncClient, BadSignature, NoAnswer, Problem, verify

PRICES = {"coffee": 350, "book": 1890}
TABLES = """
create table if not exists orders (
    id integer primary key, customer text not null, thing text not null, price integer not null,
    hold integer, state text not null default 'new'
);
create table if not exists topups (event text primary key, customer text not null, amount text not null);
"""


class Shop:
    """money: the wallets. db: the shop's own tables."""

    def __init__(self, money: AsyncClient, db: sqlite3.Connection) -> None:
        self.money, self.db = money, db
        db.executescript(TABLES)

    async def order(self, request: Request) -> Response:
        """Write the order down first, then reserve the money under the order's number: whatever
        breaks in between, the same call goes on where it was."""
        asked = await request.json()
        price = PRICES[asked["thing"]]
        with self.db:
            number = self.db.execute(
                "insert into orders (customer, thing, price) values (?, ?, ?)",
                (asked["customer"], asked["thing"], price),
            ).lastrowid
        try:
            hold = await self.money.create_hold(
                source=f"customer:{asked['customer']}",
                destination="shop",
                amount=price,
                reference=f"order-{number}",
                idempotency_key=f"order-{number}",
            )
        except Problem as refused:
            self.set_state(number, "refused")
            return JSONResponse({"order": number, "refused": refused.detail}, 402)
        except NoAnswer:
            # Unknown: the order stays new, and a job of the shop asks again with the same key.
            return JSONResponse({"order": number, "state": "new"}, 202)
        with self.db:
            self.db.execute(
                "update orders set hold = ?, state = 'reserved' where id = ?", (hold["id"], number)
            )
        return JSONResponse({"order": number, "state": "reserved"}, 201)

    async def ship(self, request: Request) -> Response:
        """Capture what was reserved. Twice is once: the key is the order's."""
        number, hold = self.reserved(request)
        await self.money.capture_hold(hold, idempotency_key=f"ship-{number}")
        self.set_state(number, "shipped")
        return JSONResponse({"order": number, "state": "shipped"})

    async def cancel(self, request: Request) -> Response:
        number, hold = self.reserved(request)
        await self.money.void_hold(hold, idempotency_key=f"cancel-{number}")
        self.set_state(number, "cancelled")
        return JSONResponse({"order": number, "state": "cancelled"})

    async def hook(self, request: Request) -> Response:
        """Note a top-up. An event may come twice; its id is the table's key."""
        try:
            event = verify(await request.body(), request.headers, os.environ["SHOP_SECRET"])
        except BadSignature:
            return Response(status_code=400)
        posting = event["data"]["postings"][0]
        with self.db:
            self.db.execute(
                "insert or ignore into topups values (?, ?, ?)",
                (event["id"], posting["destination"], str(posting["amount"])),
            )
        return Response(status_code=204)

    async def customer(self, request: Request) -> Response:
        name = f"customer:{request.path_params['name']}"
        wallet = await self.money.read_wallet(name)
        topups = self.db.execute("select amount from topups where customer = ?", (name,)).fetchall()
        told: dict[str, Any] = {
            "available": wallet["available"],
            "held": wallet["held"],
            "topups": [int(amount) for (amount,) in topups],
        }
        return JSONResponse(told)

    def reserved(self, request: Request) -> tuple[int, int]:
        """Return the number and the hold of the order in the path."""
        number = request.path_params["number"]
        (hold,) = self.db.execute("select hold from orders where id = ?", (number,)).fetchone()
        return number, hold

    def set_state(self, number: int | None, state: str) -> None:
        with self.db:
            self.db.execute("update orders set state = ? where id = ?", (state, number))


def make_app() -> Starlette:
    shop = Shop(AsyncClient(), sqlite3.connect(os.environ.get("SHOP_DB", "shop.db")))

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with shop.money:
            yield

    return Starlette(
        routes=[
            Route("/orders", shop.order, methods=["POST"]),
            Route("/orders/{number:int}/ship", shop.ship, methods=["POST"]),
            Route("/orders/{number:int}/cancel", shop.cancel, methods=["POST"]),
            Route("/hooks", shop.hook, methods=["POST"]),
            Route("/customers/{name}", shop.customer),
        ],
        lifespan=lifespan,
    )
