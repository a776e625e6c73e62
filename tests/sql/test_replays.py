"""One transaction for each key, for ever: the first answer again, or a refusal for another request."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from functools import partial

import asyncpg
import pytest

from app.posting.one_time_key import one_time_key
from tests.support.ledger import codes, counts, fund, post, req, wallet, wallets

FIRST = req(("@world", "alice", 100), key="r1", ref='inv "7"', metadata='{"b": 1,  "a":[1,2]}')


@pytest.fixture
async def peopled(db: asyncpg.Connection) -> asyncpg.Connection:
    await wallets(db, ("alice", "bob", "carol"))
    return db


async def test_white_space_order_and_spelled_out_defaults_make_no_other_request(
    peopled: asyncpg.Connection,
) -> None:
    ((outcome, body),) = await post(peopled, FIRST)
    assert outcome == "posted"
    same = FIRST.but(postings=(("@world:USD", "alice", 100),), metadata='{"a":[1, 2],"b":1}')
    assert await post(peopled, same) == [("replayed", body)]


@pytest.mark.parametrize(
    "other",
    [
        FIRST.but(postings=(("@world", "alice", 101),)),
        FIRST.but(postings=(("@world", "bob", 100),)),
        FIRST.but(ref=None),
        FIRST.but(description="d"),
        FIRST.but(metadata=None),
        FIRST.but(effective=datetime(2026, 1, 1, tzinfo=UTC)),
        FIRST.but(kind="credit"),
    ],
)
async def test_another_request_under_the_key_is_refused(
    peopled: asyncpg.Connection, other: object
) -> None:
    await post(peopled, FIRST)
    before = await counts(peopled)
    assert await codes(peopled, other) == ["idempotency_key_reused"]  # type: ignore[arg-type]
    assert await counts(peopled) == before


async def test_a_replay_is_decided_before_any_look_at_status_or_balance(
    peopled: asyncpg.Connection,
) -> None:
    await post(peopled, FIRST)
    spend = req(("alice", "bob", 100), key="spend")
    assert await codes(peopled, spend) == ["posted"]
    await peopled.execute("update ledger.wallets set status = 'frozen' where id = 'alice'")
    assert await codes(peopled, FIRST, spend) == ["replayed", "replayed"]


async def test_a_refusal_is_not_remembered(peopled: asyncpg.Connection) -> None:
    assert await codes(peopled, req(("bob", "carol", 10), key="k")) == ["insufficient_funds"]
    assert await codes(peopled, req(("@world", "carol", 1), key="k")) == ["posted"]


async def test_a_key_several_times_in_one_batch_posts_once(peopled: asyncpg.Connection) -> None:
    await fund(peopled, "alice", 100)
    one = req(("alice", "bob", 1), key="k")
    got = await post(
        peopled,
        one.but(postings=(("alice", "bob", 10**20),)),
        one,
        one,
        one.but(postings=(("alice", "bob", 2),)),
    )
    assert [outcome for outcome, _ in got] == ["refused", "posted", "replayed", "refused"]
    assert got[1][1] == got[2][1]
    assert json.loads(got[3][1])["code"] == "idempotency_key_reused"
    assert await post(peopled, one) == [("replayed", got[1][1])]


async def test_every_duplicate_in_a_batch_has_the_answer(peopled: asyncpg.Connection) -> None:
    """Once the third and later ones came back without a body."""
    await fund(peopled, "alice", 100)
    one = req(("alice", "bob", 1), key="k")
    reused = one.but(kind="transaction")
    got = await post(peopled, one, one, reused, one, reused, one, one)
    assert {body for outcome, body in got if outcome != "refused"} == {got[0][1]}
    assert [outcome for outcome, _ in got].count("replayed") == 4


async def test_without_a_key_two_identical_requests_are_two_transactions(
    peopled: asyncpg.Connection,
) -> None:
    one = req(("@world", "bob", 1))
    got = await post(peopled, one, one, one)
    assert [outcome for outcome, _ in got] == ["posted"] * 3
    assert len({json.loads(body)["id"] for _, body in got}) == 3


async def test_a_private_key_replays_and_shows_as_null(peopled: asyncpg.Connection) -> None:
    private = req(("@world", "bob", 1), key="\x7fone-time")
    ((_, body),) = await post(peopled, private)
    assert json.loads(body)["idempotency_key"] is None
    assert await post(peopled, private) == [("replayed", body)]


async def test_private_keys_rise_with_time(peopled: asyncpg.Connection) -> None:
    """A batch draws them, a lone request, and the group commit, which says the moment alike."""
    one = req(("@world", "bob", 1))
    pause = partial(asyncio.sleep, 0.002)
    await post(peopled, one, one)
    await pause()
    await post(peopled, one)
    await pause()
    drawn = [one_time_key()]
    await pause()
    await post(peopled, one)
    kept = await peopled.fetch(
        "select key from ledger.transactions where starts_with(key, chr(127)) order by id"
    )
    first, also, lone, last = [row["key"] for row in kept]
    assert max(first, also) < lone < drawn[0] < last
    assert {len(key) for key in (first, also, lone, last)} == {30}


async def test_a_key_means_another_request_in_another_ledger(peopled: asyncpg.Connection) -> None:
    await wallet(peopled, "alice", ledger_id=2)
    assert await codes(peopled, FIRST) == ["posted"]
    ((outcome, body),) = await post(peopled, FIRST, ledger=2)
    assert outcome == "posted"
    assert await post(peopled, FIRST, ledger=2) == [("replayed", body)]
