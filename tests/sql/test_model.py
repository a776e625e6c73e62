"""Random batches against the model."""

from __future__ import annotations

import asyncio
import json
import random

import asyncpg
import pytest

from app.database.connections import connect
from tests.sql.model import Limits, Model
from tests.support.ledger import Request, codes, post, req, verify, wallet

NAMES = [f"p{i}" for i in range(8)]


async def make_wallets(db: asyncpg.Connection, rnd: random.Random) -> Limits:
    limits = {name: (rnd.choice([0, -30, None]), rnd.choice([None, 200])) for name in NAMES}
    for name, (low, high) in limits.items():
        await wallet(db, name, min_balance=low, max_balance=high)
    return limits


def random_request(rnd: random.Random, keys: int) -> Request:
    postings = [
        (*rnd.sample([*NAMES, "@world"], 2), rnd.randrange(1, 60))
        for _ in range(rnd.choice([1, 1, 1, 2, 3, 5]))
    ]
    key = f"k{rnd.randrange(keys)}" if rnd.random() < 0.6 else None
    return req(*postings, key=key)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(5))
async def test_outcomes_are_the_models(db: asyncpg.Connection, seed: int) -> None:
    rnd = random.Random(seed)
    model = Model(await make_wallets(db, rnd))
    seen = set()
    past: list[Request] = []
    for _ in range(25):
        batch = [random_request(rnd, 150) for _ in range(rnd.choice([1, 5, 30]))]
        batch += rnd.sample(past, min(len(past), 3))
        past += batch
        expected = [model.decide(request) for request in batch]
        assert await codes(db, *batch) == expected
        seen |= set(expected)
    assert len(seen) == 5, "every outcome was met"
    rows = await db.fetch("select id, posted from ledger.wallets where not starts_with(id, '@')")
    assert {row["id"]: int(row["posted"]) for row in rows} == model.balances
    assert await verify(db) == []


async def test_concurrent_batches_keep_every_rule(
    db: asyncpg.Connection, database_url: str
) -> None:
    """What five sessions were answered is what is stored, and each wallet's entries keep its
    limits."""
    rnd = random.Random(7)
    limits = await make_wallets(db, rnd)
    answers: dict[int, str] = {}

    async def work(link: asyncpg.Connection) -> None:
        for _ in range(40):
            batch = [random_request(rnd, 700) for _ in range(rnd.choice([1, 5, 20]))]
            while True:
                try:
                    got = await post(link, *batch)
                    break
                except asyncpg.SerializationError:
                    continue
            for outcome, body in got:
                if outcome == "posted":
                    number = json.loads(body)["id"]
                    assert number not in answers
                    answers[number] = body

    links = [await connect(database_url) for _ in range(5)]
    await asyncio.gather(*(work(link) for link in links))
    for link in links:
        await link.close()
    rows = await db.fetch("select id, body from zerosum.answer(1, $1)", list(answers))
    assert {row["id"]: row["body"] for row in rows} == answers
    assert await db.fetchval("select count(*) from ledger.transactions") == len(answers)
    assert await verify(db) == []
    ends = await db.fetch(
        "select distinct on (wallet_id, transaction_id) wallet_id, balance from ledger.entries"
        " where not starts_with(wallet_id, '@') order by wallet_id, transaction_id, version desc"
    )
    for row in ends:
        low, high = limits[row["wallet_id"]]
        assert low is None or row["balance"] >= low
        assert high is None or row["balance"] <= high
