"""A Hypothesis state machine: wallets, transfers, transactions, holds, reversals, keys, against a small model.

It goes where random batches rarely do: Hypothesis shrinks what it finds to the few steps that matter.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from typing import Any, ClassVar

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from app.db import call, connect
from tests.ledger import MAIN, Request, about, codes, hold, post, req, verify
from tests.sql.test_model import Hold, HoldModel

RUNS = itertools.count(1)
AMOUNTS = st.one_of(st.integers(1, 300), st.sampled_from([10**37, 10**38 - 1]))


class Wallets(RuleBasedStateMachine):
    conn: ClassVar[Any]
    loop: ClassVar[asyncio.AbstractEventLoop]
    names = Bundle("names")
    holds = Bundle("holds")
    moves = Bundle("moves")

    @initialize()
    def begin(self) -> None:
        self.run = next(RUNS)
        self.model = HoldModel({})

    def do(self, coroutine: Any) -> Any:
        return self.loop.run_until_complete(coroutine)

    @rule(
        target=names,
        low=st.sampled_from([0, -100, None]),
        high=st.sampled_from([None, 500]),
    )
    def make_wallet(self, low: int | None, high: int | None) -> str:
        name = f"{self.run}-{len(self.model.limits)}"
        limits = [None if limit is None else str(limit) for limit in (low, high)]
        ((outcome, _),) = self.do(
            call(
                *(self.conn, "create_wallet"),
                ledger=MAIN,
                id=name,
                asset="USD",
                min_balance=limits[0],
                max_balance=limits[1],
            )
        )
        assert outcome == "created"
        self.model.limits[name], self.model.balances[name] = (low, high), 0
        self.model.versions[name] = self.model.held[name] = 0
        return name

    @rule(target=holds, source=names, destination=names, amount=st.integers(1, 300))
    def place(self, source: str, destination: str, amount: int) -> Any:
        self.credit(source, 300)
        expected = self.model.place(source, destination, amount)
        number = self.one(hold((source, destination, amount)), expected)
        if number is None:
            return multiple()
        self.model.holds[number] = Hold(source, destination, amount)
        return number

    @rule(number=holds, amount=st.one_of(st.none(), st.integers(1, 60)), final=st.booleans())
    def capture(self, number: int, amount: int | None, final: bool) -> None:
        options: dict[str, Any] = {"final": True} if final else {}
        if amount is not None:
            options["amount"] = str(amount)
        expected = self.model.capture(number, amount, final)
        self.one(about("capture", number, **options), expected)

    @rule(number=holds)
    def void(self, number: int) -> None:
        self.one(about("void", number), self.model.void(number))

    @rule(target=moves, source=names, destination=names, amount=st.integers(1, 300))
    def move_to_reverse(self, source: str, destination: str, amount: int) -> Any:
        self.credit(source, 300)
        request = req((source, destination, amount))
        expected = "same_wallet" if source == destination else self.model.decide(request)
        number = self.one(request, expected)
        if number is None:
            return multiple()
        self.model.moved[number] = (source, destination, amount)
        return number

    @rule(number=moves, amount=st.one_of(st.none(), st.integers(1, 60)))
    def reverse(self, number: int, amount: int | None) -> None:
        options = {} if amount is None else {"amount": str(amount)}
        expected = self.model.reverse(number, amount)
        self.one(about("reversal", number, **options), expected)

    def one(self, request: Request, expected: str) -> int | None:
        """The id of what posted."""
        ((outcome, body),) = self.do(post(self.conn, request))
        told = json.loads(body)
        assert (told["code"] if outcome == "refused" else outcome) == expected
        return int(told["id"]) if outcome == "posted" else None

    @rule(name=names, receives=st.booleans())
    def freeze(self, name: str, receives: bool) -> None:
        expected = self.model.freeze(name, receives)
        assert self.change("freeze_wallet", name, credits=receives) == expected

    @rule(name=names)
    def unfreeze(self, name: str) -> None:
        assert self.change("unfreeze_wallet", name) == self.model.unfreeze(name)

    @rule(name=names)
    def close(self, name: str) -> None:
        assert self.change("close_wallet", name) == self.model.close(name)

    @rule(name=names, low=st.sampled_from([0, -50, None]), high=st.sampled_from([None, 100, 400]))
    def limit(self, name: str, low: int | None, high: int | None) -> None:
        changes = json.dumps({"min_balance": low, "max_balance": high})
        expected = self.model.limit(name, low, high)
        assert self.change("change_wallet", name, changes=changes) == expected

    def change(self, function: str, name: str, **given: Any) -> str:
        ((outcome, body),) = self.do(call(self.conn, function, ledger=MAIN, id=name, **given))
        return str(json.loads(body)["code"]) if outcome == "refused" else str(outcome)

    @rule(name=names, amount=st.integers(1, 300))
    def credit(self, name: str, amount: int) -> None:
        self.post([req(("@world", name, amount), kind="credit")])

    @rule(
        postings=st.lists(st.tuples(names, names, AMOUNTS), min_size=1, max_size=4),
        key=st.one_of(st.none(), st.integers(0, 5)),
    )
    def move(self, postings: list[tuple[str, str, int]], key: int | None) -> None:
        self.post([req(*postings, key=None if key is None else f"{self.run}-{key}")])

    @rule(
        postings=st.lists(st.tuples(names, names, AMOUNTS), min_size=1, max_size=3),
        watched=names,
        behind=st.sampled_from([0, 0, 1]),
        least=st.sampled_from([None, -50, 0, 100]),
        key=st.one_of(st.none(), st.integers(0, 5)),
    )
    def move_if(
        self,
        postings: list[tuple[str, str, int]],
        watched: str,
        behind: int,
        least: int | None,
        key: int | None,
    ) -> None:
        condition = {"wallet": watched, "version": max(0, self.model.versions[watched] - behind)}
        if least is not None:
            condition["min_available_after"] = least
        named = None if key is None else f"{self.run}-{key}"
        self.post([req(*postings, key=named, conditions=json.dumps([condition]))])

    @rule(
        batch=st.lists(
            st.tuples(names, names, st.integers(1, 300), st.integers(0, 5)),
            min_size=2,
            max_size=6,
        )
    )
    def batch(self, batch: list[tuple[str, str, int, int]]) -> None:
        self.post([req((s, d, a), key=f"{self.run}-{k}") for s, d, a, k in batch])

    @rule(
        batch=st.lists(
            st.tuples(names, names, st.integers(1, 200)).filter(lambda p: p[0] != p[1]),
            min_size=1,
            max_size=4,
        ),
        key=st.sampled_from([None, 0, 0]),
        again=st.booleans(),
    )
    def batch_together(
        self, batch: list[tuple[str, str, int]], key: int | None, again: bool
    ) -> None:
        """Twice in one call, some of them: what has posted is a replay, what has not is refused again or posts now."""
        for source in {source for source, _, _ in batch[:2]}:
            self.credit(source, 100)
        requests = [
            req(posting, unit=1, key=None if key is None else f"{self.run}-unit-{key}/{i}")
            for i, posting in enumerate(batch)
        ]
        expected = self.model.decide_together(requests)
        sent = requests
        if again:
            expected += self.model.decide_together(requests)
            sent = requests + [request.but(unit=2) for request in requests]
        assert self.do(codes(self.conn, *sent)) == expected

    def post(self, requests: list[Request]) -> None:
        expected = [
            "same_wallet"
            if any(source == destination for source, destination, _ in request.postings)
            else self.model.decide(request)
            for request in requests
        ]
        got = self.do(codes(self.conn, *requests))
        assert got == expected

    def balances(self) -> dict[str, int]:
        rows = self.do(
            self.conn.fetch(
                "select id, posted, held from ledger.wallets where id like $1", f"{self.run}-%"
            )
        )
        assert {row["id"]: int(row["held"]) for row in rows} == self.model.held
        return {row["id"]: int(row["posted"]) for row in rows}

    @invariant()
    def balances_are_the_models(self) -> None:
        if hasattr(self, "model"):
            assert self.balances() == self.model.balances

    def teardown(self) -> None:
        assert self.do(verify(self.conn)) == []


def test_a_state_machine_agrees_with_the_model(database_url: str) -> None:
    loop = asyncio.new_event_loop()
    conn = loop.run_until_complete(connect(database_url))
    try:
        run_state_machine_as_test(
            type("Machine", (Wallets,), {"conn": conn, "loop": loop}),
            settings=settings(
                max_examples=60,
                stateful_step_count=60,
                deadline=None,
                derandomize=True,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        loop.run_until_complete(conn.close())
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
