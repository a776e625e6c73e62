"""A lone plain request takes a short way through post(): it answers and writes what the general way
does."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from app.database.connections import call
from tests.support.ledger import (
    MAIN,
    Request,
    about,
    counts,
    fund,
    hold,
    post,
    req,
    verify,
    wallet,
    wallets,
)
from tests.support.until import until

RICH: dict[str, Any] = {
    "ref": 'r"é\n',
    "description": "d\u2028",
    "metadata": '{"b": 1.50, "a": {"z": null}}',
    "effective": datetime(2020, 2, 29, 12, 30, tzinfo=UTC),
}
FINE = {
    "transfer": req(("ann", "bob", 7), key="1"),
    "rich": req(("ann", "bob", 7), key="1", **RICH),
    "without a key": req(("ann", "bob", 7)),
    "to the last": req(("ann", "bob", 1000)),
    "credit": req(("@world", "bob", 10**30), kind="credit"),
    "debit": req(("ann", "@world", 1), kind="debit"),
    "to the brim": req(("ann", "small", 100)),
    "below zero": req(("free", "bob", 10**37)),
    "frozen, but receives": req(("ann", "receives", 1)),
    "to one with a hold": req(("held", "bob", 60)),
}
REFUSED = {
    "insufficient_funds": req(("ann", "bob", 1001)),
    "held": req(("held", "bob", 61)),
    "max_balance_exceeded": req(("ann", "small", 101)),
    "balance_overflow": req(("free", "bob", 10**38 - 1)),
    "unknown_wallet": req(("ann", "nobody", 1)),
    "unknown source": req(("nobody", "ann", 1)),
    "unknown world": req(("@world", "nobody", 1), kind="credit"),
    "both worlds": req(("@world", "@world", 1), kind="credit"),
    "same_wallet": req(("ann", "ann", 1)),
    "asset_mismatch": req(("ann", "eva", 1)),
    "wallet_frozen": req(("frozen", "ann", 1)),
    "frozen for credits": req(("ann", "frozen", 1)),
    "receives, and pays": req(("receives", "ann", 1)),
    "wallet_closed": req(("ann", "closed", 1)),
    "invalid_kind": req(("ann", "bob", 1), kind="gift"),
    "invalid_key": req(("ann", "bob", 1), key="ü"),
    "invalid_amount": req(("ann", "bob", 0)),
    "invalid_wallet_id": req(("ann", "b b", 1)),
    "invalid_reference": req(("ann", "bob", 1), ref="r" * 1025),
    "invalid_description": req(("ann", "bob", 1), description="d" * 1025),
    "invalid_metadata": req(("ann", "bob", 1), metadata="[]"),
    "idempotency_key_reused": req(("ann", "bob", 2), key="known"),
}
# What post_plain() leaves to the general way although it posts, and a repeat.
LEFT = {
    "a repeat": req(("ann", "bob", 1), key="known"),
    "a debt": req(("ann", "debtor", 5)),
    "an expired hold": req(("expired", "bob", 90)),
    "to one with an expired hold": req(("ann", "expired", 1)),
}


@pytest.fixture
async def peopled(db: asyncpg.Connection) -> asyncpg.Connection:
    await wallets(db, ("ann", "bob", "held", "expired", "debtor"))
    await wallet(db, "eva", "EUR")
    await wallet(db, "small", max_balance=100)
    await wallet(db, "free", min_balance=None)
    await wallet(db, "frozen", status="frozen")
    await wallet(db, "receives", status="frozen", credits_while_frozen=True)
    await wallet(db, "closed", status="closed")
    await fund(db, "ann", 1001)
    for name in ("held", "expired"):
        await fund(db, name, 100)
    await post(db, req(("ann", "bob", 1), key="known"))
    await post(db, hold(("held", "bob", 40)))
    ((_, told),) = await post(db, req(("bob", "debtor", 1)))
    await post(db, req(("debtor", "bob", 1)))
    await post(db, about("reversal", json.loads(told)["id"], force=True))
    soon = datetime.now(UTC) + timedelta(milliseconds=200)
    await post(db, hold(("expired", "bob", 40), expires_at=soon))
    await until(lambda: db.fetchval("select clock_timestamp() > $1", soon))
    return db


def comparable(row: str | None) -> str:
    """Return the row without what differs from one transaction to the next."""
    told = re.sub(r'"id":[0-9]+', '"id":1', row or "")
    told = re.sub(r'"20(2[1-9]|[3-9][0-9])-[^"]*Z"', '"now"', told)
    return re.sub("\x7f.*", "", told)


ROWS = """
with last as (select max(id) as id from ledger.transactions)
select array(select concat_ws(' ', wallet_id, version, posting, asset, amount, balance)
        from ledger.entries where transaction_id = (select id from last) order by posting, amount)
    || array(select concat_ws(' ', kind, key, reference, description, metadata, extra, origin_id is null)
        from ledger.transactions where id = (select id from last))
    || array(select concat_ws(' ', aggregatetype, type, aggregateid::bigint = transaction_id, payload)
        from ledger.outbox where transaction_id = (select id from last))
    || array(select concat_ws(' ', id, posted, held, version, floor_debt) from ledger.wallets order by id)
"""


async def settled(
    db: asyncpg.Connection, request: Request, general: bool
) -> tuple[str, str, list[str]]:
    """Return the outcome, the answer and what the tables have then; rolled back."""
    transaction = db.transaction()
    await transaction.start()
    ((outcome, body),) = await post(db, request, skip_locked=general)
    rows = [comparable(row) for row in await db.fetchval(ROWS)]
    await transaction.rollback()
    return outcome, comparable(body), rows


async def plain(db: asyncpg.Connection, request: Request) -> str | None:
    """Return what post_plain() alone returns."""
    ((source, destination, amount),) = request.postings
    told: str | None = await db.fetchval(
        "select zerosum.post_plain($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        MAIN,
        request.kind,
        request.key,
        source,
        destination,
        str(amount),
        request.ref,
        request.description,
        request.metadata,
        request.effective,
    )
    return told


async def test_both_ways_are_one(peopled: asyncpg.Connection) -> None:
    for name, request in (FINE | REFUSED | LEFT).items():
        expected = {"a repeat": "replayed"}.get(name, "refused" if name in REFUSED else "posted")
        one = await settled(peopled, request, general=False)
        assert one[0] == expected, (name, one)
        assert one == await settled(peopled, request, general=True), name


async def test_what_is_plainly_fine_is_posted_by_it(peopled: asyncpg.Connection) -> None:
    for name, request in FINE.items():
        transaction = peopled.transaction()
        await transaction.start()
        assert await plain(peopled, request) is not None, name
        assert await verify(peopled) == [], name
        await transaction.rollback()


async def test_what_is_not_leaves_nothing(peopled: asyncpg.Connection) -> None:
    before = await counts(peopled)
    for name, request in (REFUSED | LEFT).items():
        assert await plain(peopled, request) is None, name
        assert await counts(peopled) == before, name


async def test_a_ledger_that_is_not_there(db: asyncpg.Connection) -> None:
    assert await post(db, req(("a", "b", 1)), ledger=999) == await post(
        db, req(("a", "b", 1)), ledger=999, skip_locked=True
    )


async def test_nobody_but_the_owner_may_call_it_on_tables(peopled: asyncpg.Connection) -> None:
    """It has its caller's rights: those of post(), and nobody else's."""
    assert await call(peopled, "trial_balance", ledger=MAIN)
    definer = "select prosecdef from pg_proc where proname = 'post_plain'"
    assert await peopled.fetchval(definer) is False
