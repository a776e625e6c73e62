"""An endpoint gets the events of its types, wallets and kinds, and passes over all others."""

from __future__ import annotations

import json
from typing import Any

import asyncpg
import pytest

from relay.webhooks.endpoint import EndpointWorker
from tests.relay.conftest import RunRelay
from tests.support.ledger import codes, fund, req, verify, wallets
from tests.support.receiver import Receiver
from tests.support.until import until, until_locked_out
from tests.support.webhooks import settled, subscribe

CHANGE = "select zerosum.change_endpoint(1, $1, $2)"


async def select(db: asyncpg.Connection, endpoint: int, **changes: Any) -> None:
    await db.execute(CHANGE, endpoint, json.dumps(changes))


async def passed_all(db: asyncpg.Connection) -> bool:
    """Whether every endpoint's cursor is at the end of its feed."""
    behind = "select count(*) from ledger.endpoints p join ledger.feeds f using (ledger_id)"
    return not await db.fetchval(f"{behind} where p.sent_seq < f.last_seq")


async def test_wallets_and_kinds_select_what_is_sent(
    db: asyncpg.Connection, run_relay: RunRelay, receiver: Receiver
) -> None:
    await wallets(db, ("user_1", "user_2", "shop", "bank"))
    await fund(db, "bank", 1000)
    of_user = await subscribe(db, f"{receiver.url}/user")
    await select(db, of_user, wallets=["user_1", "none_*"])
    of_users = await subscribe(db, f"{receiver.url}/users")
    await select(db, of_users, wallets=["user_*"], kinds=["transfer"])
    async with run_relay():
        moves = [("bank", "user_1"), ("bank", "shop"), ("bank", "user_2"), ("user_1", "user_2")]
        for source, destination in moves:
            asked = req((source, destination, 2), kind="transfer")
            assert await codes(db, asked) == ["posted"]
        await codes(db, req(("bank", "user_2", 1), kind="transaction"))
        # A test event reaches an endpoint whatever it selects.
        await db.execute("select zerosum.test_endpoint(1, $1)", of_user)
        await settled(db, 6)
        # What is not selected is passed over for good.
        await until(lambda: passed_all(db))

    def moved(path: str) -> list[Any]:
        got = sorted(
            (one.event for one in receiver.got if one.path == path), key=lambda event: event["seq"]
        )
        return [
            tuple(event["data"]["postings"][0][end] for end in ("source", "destination"))
            for event in got
            if event["type"] == "transaction.posted"
        ]

    assert moved("/user") == [moves[0], moves[3]]
    assert moved("/users") == [moves[0], moves[2], moves[3]]
    assert len(receiver.got) == 6
    assert await verify(db) == []


async def test_the_cursor_passes_what_was_read_while_the_last_outcome_was_recorded(
    db: asyncpg.Connection, run_relay: RunRelay, receiver: Receiver, database_url: str
) -> None:
    """Else an endpoint stays behind until its next event, and what is behind is not purged."""
    await wallets(db, ("alice", "bob", "carol"))
    await fund(db, "alice", 1000)
    endpoint = await subscribe(db, receiver.url)
    await select(db, endpoint, wallets=["bob"])
    async with run_relay() as relay:
        other = await asyncpg.connect(database_url)
        async with other.transaction():
            await other.execute("select from ledger.endpoints for update")
            assert await codes(db, req(("alice", "bob", 1))) == ["posted"]
            await until_locked_out(db)
            worker = relay.workers[1, endpoint]
            assert isinstance(worker, EndpointWorker)
            read_to = worker.read_to
            assert await codes(db, req(("alice", "carol", 1))) == ["posted"]

            async def is_read() -> bool:
                return worker.read_to > read_to

            await until(is_read)
        await other.close()
        await until(lambda: passed_all(db))
    assert len(receiver.got) == 1


@pytest.mark.parametrize(
    ("wallets", "kinds", "wanted"),
    [
        ("{*}", "{*}", True),
        ("{alice}", "{*}", True),
        ("{al*}", "{transfer}", True),
        ("{bob,x}", "{credit,transfer}", True),
        ("{alic}", "{*}", False),
        ("{alice2}", "{*}", False),
        ("{%,_lice}", "{*}", False),
        ("{*}", "{credit}", False),
        ("{carol*}", "{transfer}", False),
    ],
)
async def test_patterns(db: asyncpg.Connection, wallets: str, kinds: str, wanted: bool) -> None:
    """Metadata that is spelled like postings decides nothing."""
    data = (
        '{"kind":"transfer","postings":[{"source":"alice","destination":"bob"}],'
        '"metadata":{"kind":"credit","postings":[{"source":"carol"}],"a":1e-4000}}'
    )
    found = await db.fetchval(
        "select zerosum.event_matches('transaction.posted', $1, '{*}', $2::text::text[],"
        " $3::text::text[])",
        f'{{"type":"x","data":{data}}}',
        wallets,
        kinds,
    )
    assert found is wanted


async def test_events_without_wallets_or_kinds_match_only_all(db: asyncpg.Connection) -> None:
    for body, type_ in (
        ('{"data":{"id":7,"url":"https://a.example"}}', "endpoint.changed"),
        ('{"data":{"origin":"example.com","size":3}}', "ledger.checkpoint"),
    ):
        (found,) = await db.fetch(
            "select zerosum.event_matches($1, $2, '{*}', '{7,7*}', '{*}') as wallets,"
            " zerosum.event_matches($1, $2, '{*}', '{*}', '{transfer}') as kinds,"
            " zerosum.event_matches($1, $2, '{*}', '{*}', '{*}') as all",
            type_,
            body,
        )
        assert tuple(found) == (False, False, True)
