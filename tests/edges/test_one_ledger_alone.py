"""What one ledger does or suffers stops no other ledger, and what can't be stamped can't be
written."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from app.database.connections import call
from tests.relay.conftest import RunRelay
from tests.support.ledger import (
    about,
    codes,
    fund,
    hold,
    post,
    posted,
    raises,
    stamped,
    verify,
    wallets,
)
from tests.support.receiver import Receiver
from tests.support.webhooks import SECRET, subscribe

LARGE = (
    "insert into ledger.outbox (ledger_id, aggregatetype, aggregateid, type, payload, recorded_at)"
    " values (1, 'wallet', 'a', 'wallet.frozen', repeat('x', {size}), {at})"
)


async def test_a_hold_that_was_captured_thousands_of_times_expires_as_any(
    db: asyncpg.Connection, run_relay: RunRelay
) -> None:
    """With the longest ids the list of its captures would be twice as large as an event may be."""
    await wallets(db, ("alice", "shop"))
    await fund(db, "alice", 10_000)
    await db.execute("select setval('ledger.transaction_id', (10^17)::bigint)")
    soon = datetime.now(UTC) + timedelta(seconds=60)
    made = (await posted(db, hold(("alice", "shop", 10_000), expires_at=soon)))["id"]
    for _ in range(24):
        await post(db, *(about("capture", made, amount="1") for _ in range(250)))
    await db.execute(
        "alter table ledger.hold_postings disable trigger all;"
        "update ledger.hold_postings set expires_at = clock_timestamp(), due_at = clock_timestamp();"
        "update ledger.wallets set next_expiry = clock_timestamp() where next_expiry is not null"
    )
    async with run_relay(carries=False):
        while not await db.fetchval(
            "select exists (select from ledger.events where type = 'hold.expired')"
        ):
            pass
        await stamped(db)
    told = await db.fetchval(
        "select json_array_length(body::json -> 'data' -> 'transactions')"
        " from ledger.events where type = 'hold.expired'"
    )
    assert told == 100
    assert await codes(db, about("capture", made, amount="1")) == ["hold_expired"]


async def test_what_is_too_large_for_an_event_does_not_enter_the_outbox(
    db: asyncpg.Connection,
) -> None:
    await raises("23514", db.execute(LARGE.format(size=65_001, at="clock_timestamp()")))
    await db.execute(LARGE.format(size=65_000, at="clock_timestamp()"))


async def test_one_ledgers_failure_leaves_the_others_alone(
    db: asyncpg.Connection,
    run_relay: RunRelay,
    receiver: Receiver,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Ledger 1 can't be stamped. The events of ledger 2 arrive, and the log names the ledger that
    failed."""
    await db.execute(
        "create function ledger.break() returns trigger language plpgsql as"
        " $$begin raise exception 'broken' using errcode = 'XX001'; end$$;"
        "create trigger break before insert on ledger.events for each row"
        " when (new.ledger_id = 1) execute function ledger.break()"
    )
    await wallets(db, ("alice",))
    await db.execute("insert into ledger.wallets (ledger_id, id, asset) values (2, 'bob', 'USD')")
    await call(db, "create_endpoint", ledger=2, url=receiver.url, types=["*"], secret=SECRET)
    caplog.set_level(logging.ERROR, "zerosum.relay")
    async with run_relay():
        await fund(db, "alice", 1)
        await db.execute("select zerosum.credit(2, 'bob', 1)")
        await receiver.until(1)
        await db.execute("select zerosum.credit(2, 'bob', 1)")
        await receiver.until(2)
    told = [r.getMessage() for r in caplog.records]
    assert told == ["ledger 1: stamping its outbox failed: broken"]
    await db.execute("drop trigger break on ledger.events")
    await subscribe(db, receiver.url)
    async with run_relay():
        await stamped(db)


async def test_verify_tells_an_outbox_that_does_not_move(db: asyncpg.Connection) -> None:
    await db.execute(LARGE.format(size=5, at="clock_timestamp() - interval '11 minutes'"))
    ((fault, subject, detail),) = await verify(db)
    assert (fault, subject) == ("outbox", "1")
    assert "is a relay running?" in detail
