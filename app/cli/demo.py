"""`zerosum demo`: a ledger with a believable small shop in it, so that there is something to look
at."""

from __future__ import annotations

import json
import os
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import click

from app.api_keys import new_key, stored
from app.cli.examples import examples
from app.cli.output import json_option, tell
from app.cli.progress import Progress
from app.cli.terminal import with_database
from app.database.connections import call, transaction
from app.encryption import Encryption
from app.settings import read_settings
from app.webhook_secret import new_secret, spelled

DAYS, CUSTOMERS = 30, 24
NAMES = ("ada", "ben", "chloe", "dev", "elif", "femi", "gina", "hugo")
GOODS = (("coffee", 380), ("bread", 520), ("book", 1890), ("lamp", 4900), ("bicycle", 48900))
# Nothing listens there, so that deliveries that fail can be looked at.
NOBODY = "https://hooks.shop.invalid/zerosum"


@click.command(epilog=examples("demo", "demo --ledger shop"))
@json_option
@click.option("--ledger", default="demo", show_default=True, help="The name of the new ledger.")
def demo(ledger: str) -> None:
    """Fill a new ledger with a small shop.

    It has wallets, a month of sales, holds, refunds, and a webhook that fails. The command prints a
    key that signs in to the console.
    """
    key = new_key()

    async def work(conn: asyncpg.Connection) -> int:
        async with transaction(conn):
            if any(row["name"] == ledger for row in await call(conn, "list_ledgers")):
                raise click.ClickException(
                    f"the ledger {ledger} is there already; name another one with --ledger"
                )
            ((number,),) = await call(conn, "create_ledger", name=ledger)
            await call(conn, "add_key", ledger=number, **stored(key, "admin"))
            with Progress(f"demo {ledger}", DAYS + 1) as progress:
                return await Shop(conn, number).fill(progress)

    count = with_database(work)
    tell(
        {"ledger": ledger, "transactions": count, "key": key},
        f"The ledger {ledger} has {count} transactions.\n"
        f"Sign in to the console with this key, which is shown this once: {key}",
    )


class Shop:
    """fill() a ledger. The same each time, but for the dates."""

    def __init__(self, conn: asyncpg.Connection, ledger: int) -> None:
        self.conn, self.ledger = conn, ledger
        self.random = random.Random(17)  # noqa: S311 The same shop each time; no secret.
        self.customers = [f"customer:{NAMES[n % len(NAMES)]}-{n + 1}" for n in range(CUSTOMERS)]
        self.count = 0

    async def fill(self, progress: Progress) -> int:
        """Returns how many transactions there are. progress: by days."""
        await call(self.conn, "create_asset", ledger=self.ledger, code="POINTS", scale=0)
        for wallet in ("shop:sales", "shop:fees", "shop:refunds"):
            await self.wallet(wallet, "EUR", {"owner": "shop"})
        for number, wallet in enumerate(self.customers, 1):
            await self.wallet(wallet, "EUR", {"customer": number})
        for wallet in self.customers[:6]:
            await self.wallet(f"points:{wallet.partition(':')[2]}", "POINTS", {})
        secret_keys = read_settings(os.environ).secret_keys
        await call(
            self.conn,
            "create_endpoint",
            ledger=self.ledger,
            url=NOBODY,
            types=["transaction.*", "hold.*"],
            secret=Encryption(secret_keys).encrypt(spelled(new_secret()), "webhook secret"),
            more=json.dumps({"description": "The shop's backend, which is down"}),
        )
        today = datetime.now(UTC)
        for day in range(DAYS, -1, -1):
            await self.day(today - timedelta(days=day), last=day == 0)
            progress.to(DAYS + 1 - day)
        await call(self.conn, "freeze_wallet", ledger=self.ledger, id=self.customers[-1])
        return self.count

    async def wallet(self, id_: str, asset: str, metadata: dict[str, Any]) -> None:
        await call(
            self.conn,
            "create_wallet",
            ledger=self.ledger,
            id=id_,
            asset=asset,
            min_balance="0",
            max_balance=None,
            metadata=json.dumps(metadata),
        )

    async def day(self, at: datetime, last: bool) -> None:
        """A day of the shop: people top up, buy, sometimes return a thing. last: some wait."""
        for wallet in self.random.sample(self.customers, 8):
            amount = self.random.choice((2000, 5000, 10000, 50000))
            await self.move("credit", at, wallet=wallet, amount=amount, description="Top-up")
        for _ in range(self.random.randrange(10, 22)):
            await self.sell(at)
        if self.random.random() < 0.4:
            wallet = f"points:{self.customers[self.random.randrange(6)].partition(':')[2]}"
            await self.move("credit", at, wallet=wallet, amount=100, description="Loyalty")
        if last:
            for wallet, days in zip(self.customers[:4], (1, 3, 7, None), strict=True):
                expires = None if days is None else at + timedelta(days=days)
                await self.reserve(wallet, at, expires)

    async def sell(self, at: datetime) -> None:
        wallet = self.random.choice(self.customers)
        thing, price = self.random.choices(GOODS, weights=(40, 30, 15, 10, 1))[0]
        if await self.available(wallet) < price:
            return
        sold = await self.move(
            "transfer",
            at,
            source=wallet,
            destination="shop:sales",
            amount=price,
            description=thing.capitalize(),
            metadata=json.dumps({"thing": thing}),
        )
        fee = max(1, price // 50)
        await self.move("transfer", at, source="shop:sales", destination="shop:fees", amount=fee)
        if self.random.random() < 0.06:
            await self.move("reverse", at, id=sold, description=f"{thing.capitalize()} returned")

    async def reserve(self, wallet: str, at: datetime, expires_at: datetime | None) -> None:
        if await self.available(wallet) < 1500:
            await self.move("credit", at, wallet=wallet, amount=5000, description="Top-up")
        hold = await self.move(
            "hold",
            at,
            source=wallet,
            destination="shop:sales",
            amount=1500,
            expires_at=expires_at,
            description="Order that is being packed",
        )
        if expires_at is None:
            await self.move("capture", at, hold=hold, amount=900)

    async def available(self, wallet: str) -> int:
        (row,) = await call(self.conn, "read_wallet", ledger=self.ledger, id=wallet)
        available: int = json.loads(row["body"])["available"]
        return available

    async def move(self, verb: str, at: datetime, **given: Any) -> int:
        """Call a verb. Returns the transaction's id."""
        rows = await call(self.conn, verb, ledger=self.ledger, effective_at=at, **given)
        self.count += 1
        told: int = json.loads(rows[0]["transaction"])["id"]
        return told
