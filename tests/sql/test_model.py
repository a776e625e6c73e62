"""Random batches against a model in Python that is short enough to be believed."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any

import asyncpg
import pytest

from app.db import connect
from tests.ledger import Request, codes, post, req, verify, wallet

NAMES = [f"p{i}" for i in range(8)]
LARGEST = 10**38 - 1
Limits = dict[str, tuple[int | None, int | None]]


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


class Model:
    """Wallets with limits, those that are not open, keys with what they meant."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.balances = dict.fromkeys(limits, 0)
        self.keys: dict[str, Any] = {}
        self.versions = dict.fromkeys(limits, 0)
        self.shut: dict[str, str] = {}  # frozen, frozen_out (it may receive), closed
        self.held = dict.fromkeys(limits, 0)

    def decide(self, request: Request, beside: tuple[Request, ...] = ()) -> str:
        """beside: all of the atomic batch that it is of."""
        meaning = (request.kind, request.postings, request.conditions, beside)
        if request.key in self.keys:
            same = self.keys[request.key] == meaning
            return "replayed" if same else "idempotency_key_reused"
        if (flaw := self.changed(request) or self.first_shut(request)) is not None:
            return flaw
        after = dict(self.balances)
        for source, destination, amount in request.postings:
            for name, change in ((source, -amount), (destination, amount)):
                if name in after:
                    after[name] += change
        if (flaw := self.out_of_bounds(request, after)) is not None:
            return flaw
        self.balances = after
        for posting in request.postings:
            for name in posting[:2]:
                self.versions[name] = self.versions.get(name, 0) + 1
        if request.key is not None:
            self.keys[request.key] = meaning
        return "posted"

    def decide_together(self, requests: list[Request]) -> list[str]:
        """An atomic batch: what the first refused one is refused with, and nothing done."""
        before = dict(self.balances), dict(self.versions), dict(self.keys)
        outcomes = []
        for request in requests:
            outcomes.append(self.decide(request, tuple(requests)))
            if outcomes[-1] not in {"posted", "replayed"}:
                self.balances, self.versions, self.keys = before
                undone = ["undone"] * len(requests)
                undone[len(outcomes) - 1] = outcomes[-1]
                return undone
        return outcomes

    def changed(self, request: Request) -> str | None:
        for condition in json.loads(request.conditions or "[]"):
            version = self.versions[condition["wallet"]]
            if condition.get("version", version) != version:
                return "wallet_changed"
        return None

    def out_of_bounds(self, request: Request, after: dict[str, int]) -> str | None:
        for source, destination, _ in request.postings:
            low = self.limits.get(source, (None, None))[0]
            high = self.limits.get(destination, (None, None))[1]
            if source in after and after[source] - self.held.get(source, 0) < (
                -LARGEST if low is None else low
            ):
                return "balance_overflow" if low is None else "insufficient_funds"
            if destination in after and after[destination] > (LARGEST if high is None else high):
                return "balance_overflow" if high is None else "max_balance_exceeded"
        for condition in json.loads(request.conditions or "[]"):
            least = condition.get("min_available_after")
            name = condition["wallet"]
            if least is not None and after[name] - self.held.get(name, 0) < least:
                return "available_too_low"
        return None

    def first_shut(self, request: Request) -> str | None:
        for source, destination, _ in request.postings:
            if source in self.shut:
                return "wallet_" + self.shut[source].removesuffix("_out")
            if self.shut.get(destination, "frozen_out") != "frozen_out":
                return "wallet_" + self.shut[destination]
        return None

    def freeze(self, name: str, receives: bool) -> str:
        if self.shut.get(name) == "closed":
            return "wallet_closed"
        self.shut[name] = "frozen_out" if receives else "frozen"
        return "done"

    def unfreeze(self, name: str) -> str:
        if self.shut.get(name) == "closed":
            return "wallet_closed"
        self.shut.pop(name, None)
        return "done"

    def close(self, name: str) -> str:
        if self.balances[name] != 0 or self.held.get(name, 0) != 0:
            return "wallet_not_empty"
        self.shut[name] = "closed"
        return "done"

    def limit(self, name: str, low: int | None, high: int | None) -> str:
        if self.shut.get(name) == "closed":
            return "wallet_closed"
        balance = self.balances[name]
        available = balance - self.held.get(name, 0)
        if (low is not None and available < low) or (high is not None and balance > high):
            return "balance_outside_limits"
        self.limits[name] = (low, high)
        return "done"


class Hold:
    """One posting; `left` is what it still reserves."""

    def __init__(self, source: str, destination: str, amount: int) -> None:
        self.source, self.destination, self.left = source, destination, amount
        self.status = "pending"


class HoldModel(Model):
    """And what is held of them, and what has been moved and not reversed."""

    def __init__(self, limits: Limits) -> None:
        super().__init__(limits)
        self.holds: dict[int, Hold] = {}
        self.moved: dict[int, tuple[str, str, int]] = {}

    def place(self, source: str, destination: str, amount: int) -> str:
        posting = req((source, destination, amount))
        if source == destination:
            return "same_wallet"
        if (flaw := self.first_shut(posting)) is not None:
            return flaw
        low = self.limits[source][0]
        if self.balances[source] - self.held[source] - amount < (-LARGEST if low is None else low):
            return "balance_overflow" if low is None else "insufficient_funds"
        self.held[source] += amount
        return "posted"

    def capture(self, number: int, amount: int | None, final: bool) -> str:
        hold = self.holds[number]
        if (flaw := self.first_shut(req((hold.source, hold.destination, 1)))) is not None:
            return flaw
        if hold.status != "pending":
            return "hold_" + hold.status
        taken = hold.left if amount is None else amount
        if taken > hold.left:
            return "hold_exceeded"
        high = self.limits[hold.destination][1]
        if high is not None and self.balances[hold.destination] + taken > high:
            return "max_balance_exceeded"
        self.move(hold.source, hold.destination, taken)
        freed = hold.left if final else taken
        self.held[hold.source] -= freed
        hold.left -= freed
        hold.status = "pending" if hold.left else "captured"
        return "posted"

    def void(self, number: int) -> str:
        hold = self.holds[number]
        if hold.status != "pending":
            return "hold_" + hold.status
        self.held[hold.source] -= hold.left
        hold.left, hold.status = 0, "voided"
        return "posted"

    def reverse(self, number: int, amount: int | None) -> str:
        source, destination, left = self.moved[number]
        if (flaw := self.first_shut(req((destination, source, 1)))) is not None:
            return flaw
        taken = left if amount is None else amount
        if taken > left or taken == 0:
            return "reversal_exceeded"
        back = req((destination, source, taken))
        if (code := self.decide(back)) == "posted":
            self.moved[number] = (source, destination, left - taken)
        return code

    def move(self, source: str, destination: str, amount: int) -> None:
        for name, change in ((source, -amount), (destination, amount)):
            self.balances[name] += change
            self.versions[name] += 1


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
    """What five sessions were answered is what is there, and each wallet's entries keep its limits."""
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
