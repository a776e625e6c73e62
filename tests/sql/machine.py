"""A Hypothesis state machine of all verbs, alone and in batches, against the model.

It goes where random batches rarely go, and Hypothesis shrinks what it finds to the few steps that
matter.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from app.database.connections import call, connect
from tests.sql.model import Hold, Model, Part
from tests.support.ledger import MAIN, Request, about, hold, post, req, verify

RUNS, CALLS = itertools.count(1), itertools.count(1)
SOON = timedelta(milliseconds=30)
WALLETS = [(0, None), (0, None), (None, None), (-100, 900), (0, 600)]
UNLIMITED = 2
PICK = st.integers(0, 99)  # which of the existing ones, by remainder
WALLET = st.integers(0, len(WALLETS) - 1)
PAIR = st.tuples(
    WALLET, st.integers(1, len(WALLETS) - 1)
)  # a source, and how far from it the destination is
POSTING = st.tuples(PAIR, st.integers(1, 90))
POSTINGS = st.lists(POSTING, min_size=1, max_size=3)
LARGE = st.sampled_from([10**37, 10**38 - 1])
SHARE = st.integers(1, 60).map(str)
# All that is left, an amount of it, or parts of some postings.
SHARES: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"amount": SHARE}),
    st.fixed_dictionaries(
        {
            "postings": st.lists(
                st.fixed_dictionaries(
                    {"posting": st.sampled_from([1, 1, 2, 3])}, optional={"amount": SHARE}
                ),
                min_size=1,
                max_size=3,
                unique_by=lambda one: one["posting"],
            )
        }
    ),
)
TOGETHER = st.sampled_from([0, 0, 2, 3])  # how many of a call's first requests are one unit
FLAG = st.sampled_from([False, False, True])
CAPTURES = st.builds(lambda shares, last: shares | ({"final": True} if last else {}), SHARES, FLAG)
VERBS = st.sampled_from(["capture", "capture", "void", "reversal", "hold", "transaction"])
Drawn = list[tuple[tuple[int, int], int]]


class Ledger(RuleBasedStateMachine):
    conn: ClassVar[Any]
    loop: ClassVar[asyncio.AbstractEventLoop]
    met: ClassVar[Counter[tuple[str | None, str]]]

    @initialize(funds=st.lists(st.integers(0, 500), min_size=5, max_size=5))
    def begin(self, funds: list[int]) -> None:
        run = next(RUNS)
        self.names = [f"{run}-{number}" for number in range(len(WALLETS))]
        self.model = Model({})
        self.keyed: list[tuple[list[Request], int]] = []
        for name, (low, high), amount in zip(self.names, WALLETS, funds, strict=True):
            limits = [None if limit is None else str(limit) for limit in (low, high)]
            asked = {"asset": "USD", "min_balance": limits[0], "max_balance": limits[1]}
            self.do(call(self.conn, "create_wallet", ledger=MAIN, id=name, **asked))
            self.model.add(name, low, high)
            if amount:
                self.post(req(("@world", name, amount), kind="credit"))

    def do(self, coroutine: Any) -> Any:
        return self.loop.run_until_complete(coroutine)

    def postings(self, drawn: Drawn) -> list[tuple[str, str, int]]:
        count = len(self.names)
        return [(self.names[s], self.names[(s + far) % count], a) for (s, far), a in drawn]

    def key(self, number: int) -> str:
        return f"{self.names[0]}/{number}"

    def post(self, *requests: Request, together: int = 0) -> list[dict[str, Any]]:
        """Post in one call, as the model does, the first so many as an atomic batch. New holds and
        transactions are kept for later."""
        unit = [request.but(unit=1) for request in requests[:together]]
        rest = requests[together:]
        expected = self.model.decide_together(unit) + [self.model.decide(one) for one in rest]
        requests = (*unit, *rest)
        # Every other call may not take the short way, post_plain(). Nobody else is here who could
        # hold a lock.
        general = next(CALLS) % 2 == 0
        answers = self.do(post(self.conn, *requests, skip_locked=general))
        return self.agree(requests, expected, answers)

    def agree(
        self,
        requests: tuple[Request, ...],
        expected: list[str],
        answers: list[tuple[str, str]],
    ) -> list[dict[str, Any]]:
        bodies = [json.loads(body or "{}") for _, body in answers]
        got = [
            body.get("code", outcome) for (outcome, _), body in zip(answers, bodies, strict=True)
        ]
        assert got == expected
        for request, outcome, body in zip(requests, expected, bodies, strict=True):
            self.met[request.kind, outcome] += 1
            parts = [Part(*posting) for posting in request.postings]
            if outcome != "posted" or not parts or request.key is not None:
                continue
            if request.kind == "hold":
                self.model.holds[body["id"]] = Hold(parts)
            elif parts[0].source != "@world":
                self.model.moved[body["id"]] = parts
        return bodies

    @rule(postings=POSTINGS, options=CAPTURES)
    def place(self, postings: Drawn, options: dict[str, Any]) -> None:
        """Place a hold, and capture some of it."""
        for (source, _), amount in postings:
            self.credit(source, amount)
        (told,) = self.post(hold(*self.postings(postings)))
        if (number := told.get("id")) is not None:
            self.post(about("capture", number, **options))

    @rule(postings=POSTINGS, options=SHARES, force=FLAG)
    def move_and_reverse(self, postings: Drawn, options: dict[str, Any], force: bool) -> None:
        (told,) = self.post(req(*self.postings(postings)))
        if (number := told.get("id")) is not None:
            self.reverse_one(number, options, force)

    @rule(postings=POSTINGS)
    def place_for_a_moment(self, postings: Drawn) -> None:
        request = hold(*self.postings(postings), expires_at=datetime.now(UTC) + SOON)
        answers = self.do(post(self.conn, request))
        if "invalid_expires_at" in answers[0][1]:
            return  # The call took longer than the moment.
        (told,) = self.agree((request,), [self.model.decide(request)], answers)
        if (number := told.get("id")) is not None:
            self.do(asyncio.sleep(SOON.total_seconds()))
            self.model.expire(number)

    @rule()
    def settle_expired(self) -> None:
        """The relay settles expired holds: no balance changes by it."""
        self.do(call(self.conn, "expire_holds", ledger=MAIN, max_holds=100, wait=False))

    @precondition(lambda self: self.model.holds)
    @rule(pick=PICK, options=CAPTURES, elsewhere=st.one_of(st.none(), WALLET))
    def capture(self, pick: int, options: dict[str, Any], elsewhere: int | None) -> None:
        if elsewhere is not None and "postings" not in options:
            options = options | {"destination": self.names[elsewhere]}
        self.post(about("capture", self.pick(self.model.holds, pick), **options))

    def pick(self, of: dict[int, Any], number: int) -> int:
        """Return one of these; newer ones are picked more often."""
        newest: list[int] = list(of)[-4:]
        return newest[-1 - number % len(newest)]

    @precondition(lambda self: self.model.holds)
    @rule(pick=PICK)
    def void(self, pick: int) -> None:
        self.post(about("void", self.pick(self.model.holds, pick)))

    @precondition(lambda self: self.model.moved)
    @rule(pick=PICK, options=SHARES, force=FLAG)
    def reverse(self, pick: int, options: dict[str, Any], force: bool) -> None:
        self.reverse_one(self.pick(self.model.moved, pick), options, force)

    def reverse_one(self, number: int, options: dict[str, Any], force: bool) -> None:
        self.post(about("reversal", number, **options | ({"force": True} if force else {})))

    @rule(
        asked=st.lists(st.tuples(VERBS, PICK, CAPTURES, POSTINGS), min_size=2, max_size=6),
        together=TOGETHER,
    )
    def several(self, asked: list[tuple[str, int, dict[str, Any], Drawn]], together: int) -> None:
        """Verbs of all kinds in one call, on the same holds and transactions."""
        requests = []
        for verb, pick, options, drawn in asked:
            of = self.model.moved if verb == "reversal" else self.model.holds
            if verb == "hold":
                requests.append(hold(*self.postings(drawn)))
            elif verb == "transaction" or not of:
                requests.append(req(*self.postings(drawn)))
            else:
                given = {} if verb == "void" else dict(options)
                if verb == "reversal" and given.pop("final", False):
                    given["force"] = True
                requests.append(about(verb, self.pick(of, pick), **given))
        self.post(*requests, together=together)

    @rule(name=WALLET, amount=st.integers(1, 300))
    def credit(self, name: int, amount: int) -> None:
        self.post(req(("@world", self.names[name], amount), kind="credit"))

    @rule(
        postings=st.lists(
            st.tuples(PAIR, st.one_of(st.integers(1, 300), LARGE)), min_size=1, max_size=4
        )
    )
    def move(self, postings: Drawn) -> None:
        self.post(req(*self.postings(postings)))

    @rule(far=st.integers(1, len(WALLETS) - 1), amount=LARGE)
    def move_very_much(self, far: int, amount: int) -> None:
        """From the wallet without a floor. What hypothesis draws follows constants in our sources, so
        such a transfer must not be left to chance."""
        self.post(req(*self.postings([((UNLIMITED, far), amount)])))

    @rule(
        batch=st.lists(st.tuples(POSTING, st.integers(0, 5)), min_size=1, max_size=6),
        together=TOGETHER,
    )
    def move_by_key(self, batch: list[tuple[Any, int]], together: int) -> None:
        """Keys are used again: by the same request, by others, in one call, after what was undone."""
        numbers = [i if i < together else number for i, (_, number) in enumerate(batch)]
        requests = [
            req(*self.postings([drawn]), key=self.key(number))
            for (drawn, _), number in zip(batch, numbers, strict=True)
        ]
        self.keyed.append((requests, together))
        self.post(*requests, together=together)

    @precondition(lambda self: self.keyed)
    @rule(pick=PICK)
    def send_again(self, pick: int) -> None:
        requests, together = self.keyed[-1 - pick % min(3, len(self.keyed))]
        self.post(*requests, together=together)

    @rule(
        postings=POSTINGS,
        watched=WALLET,
        behind=st.sampled_from([0, 0, 1]),
        least=st.sampled_from([None, -50, 0, 100]),
    )
    def move_if(self, postings: Drawn, watched: int, behind: int, least: int | None) -> None:
        name = self.names[watched]
        condition = {"wallet": name, "version": max(0, self.model.versions[name] - behind)}
        if least is not None:
            condition["min_available_after"] = least
        self.post(req(*self.postings(postings), conditions=json.dumps([condition])))

    @rule(name=WALLET, change=st.sampled_from(["unfreeze"] * 4 + ["freeze", "receives", "close"]))
    def live(self, name: int, change: str) -> None:
        wallet = self.names[name]
        if change in {"freeze", "receives"}:
            receives = change == "receives"
            expected = self.model.freeze(wallet, receives)
            assert self.change("freeze_wallet", wallet, credits=receives) == expected
        elif change == "unfreeze":
            for each in self.names:
                assert self.change("unfreeze_wallet", each) == self.model.unfreeze(each)
        else:
            assert self.change("close_wallet", wallet) == self.model.close(wallet)

    @rule(name=WALLET, low=st.sampled_from([0, -50, None]), high=st.sampled_from([None, 400, 900]))
    def limit(self, name: int, low: int | None, high: int | None) -> None:
        changes = json.dumps({"min_balance": low, "max_balance": high})
        expected = self.model.limit(self.names[name], low, high)
        assert self.change("change_wallet", self.names[name], changes=changes) == expected

    def change(self, function: str, name: str, **given: Any) -> str:
        ((outcome, body),) = self.do(call(self.conn, function, ledger=MAIN, id=name, **given))
        return str(json.loads(body)["code"]) if outcome == "refused" else str(outcome)

    @invariant()
    def wallets_are_the_models(self) -> None:
        if not hasattr(self, "model"):
            return
        prefix = self.names[0].removesuffix("0")
        listed = call(self.conn, "list_wallets", ledger=MAIN, after=None, max=9, prefix=prefix)
        told = {row["id"]: json.loads(row["body"]) for row in self.do(listed)}
        assert {name: one["posted"] for name, one in told.items()} == self.model.balances
        assert {name: one["held"] for name, one in told.items()} == self.model.held
        assert {name: one["version"] for name, one in told.items()} == self.model.versions
        debts = "select id, floor_debt from ledger.wallets where ledger_id = $1 and id = any ($2)"
        rows = self.do(self.conn.fetch(debts, MAIN, self.names))
        assert {row["id"]: row["floor_debt"] for row in rows} == self.model.debts

    def teardown(self) -> None:
        assert self.do(verify(self.conn)) == []


def run_machine(url: str, examples: int) -> Counter[tuple[str | None, str]]:
    """Run so many examples on this database, which has the ledger main. Return which answers each
    kind of request had, and how often."""
    loop = asyncio.new_event_loop()
    conn = loop.run_until_complete(connect(url))
    met: Counter[tuple[str | None, str]] = Counter()
    try:
        run_state_machine_as_test(
            type("Machine", (Ledger,), {"conn": conn, "loop": loop, "met": met}),
            settings=settings(
                max_examples=examples,
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
    return met
