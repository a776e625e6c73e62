"""A shop in the same database as its wallets: order and payment are one transaction of its own.
There is nothing to repeat and nothing to reconcile.

DATABASE_URL: of the database. The role needs zerosum_app, and tables of its own.
"""

from __future__ import annotations

import asyncio
import os
import sys

import asyncpg

LEDGER = 1
PRICES = {"coffee": 350, "book": 1890}
TABLES = """
create table if not exists orders (
    id bigint generated always as identity primary key, customer text not null,
    thing text not null, transaction_id bigint not null
)
"""


async def order(conn: asyncpg.Connection, customer: str, thing: str) -> int:
    """Sell a thing: both are written or neither. Returns the order's number. Raises
    asyncpg.PostgresError, whose sqlstate says what was refused: ZS205 is insufficient funds."""
    async with conn.transaction():
        paid = await conn.fetchval(
            "select (transaction ->> 'id')::bigint from zerosum.transfer($1, $2, 'shop', $3)",
            LEDGER,
            f"customer:{customer}",
            PRICES[thing],
        )
        number: int = await conn.fetchval(
            "insert into orders (customer, thing, transaction_id) values ($1, $2, $3) returning id",
            customer,
            thing,
            paid,
        )
        return number


async def main(customer: str, things: list[str]) -> None:
    conn = await asyncpg.connect(os.environ["DATABASE_URL"])
    await conn.execute(TABLES)
    for thing in things:
        try:
            print(f"order {await order(conn, customer, thing)}: {thing}")
        except asyncpg.PostgresError as refused:
            print(f"{thing} was not sold: {refused.args[0]}")
    count = await conn.fetchval("select count(*) from orders")
    print(f"{count} orders, all of them paid")
    await conn.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2:]))
