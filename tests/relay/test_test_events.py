"""A test event goes to the endpoint that is tested, to no other, and once."""

from __future__ import annotations

import asyncpg
from standardwebhooks import Webhook

from tests.relay.conftest import RunRelay
from tests.support.ledger import codes, req, verify
from tests.support.receiver import Receiver
from tests.support.webhooks import SECRET, settled, subscribe

TEST = "select zerosum.test_endpoint(1, $1)"


async def test_it_goes_to_one_endpoint_whatever_the_types(
    moved: asyncpg.Connection, run_relay: RunRelay, receiver: Receiver
) -> None:
    tested = await subscribe(moved, f"{receiver.url}/tested", ("transaction.*",))
    await subscribe(moved, f"{receiver.url}/all", ("*",))
    await subscribe(moved, f"{receiver.url}/endpoints", ("endpoint.*",))
    async with run_relay():
        event = await moved.fetchval(TEST, tested)
        assert await codes(moved, req(("alice", "bob", 1))) == ["posted"]
        came = await receiver.until(2, "/tested")
        await receiver.until(1, "/all")
        await settled(moved, 4)
    (test,) = (one for one in came if one.event["type"] == "endpoint.test")
    assert (test.id, test.event["data"]["id"]) == (str(event), tested)
    Webhook(SECRET).verify(test.body, test.headers)
    others = [one.event["type"] for one in receiver.got if one.path != "/tested"]
    assert set(others) == {"transaction.posted"}
    assert await verify(moved) == []


async def test_it_is_tried_once(
    moved: asyncpg.Connection, run_relay: RunRelay, receiver: Receiver
) -> None:
    receiver.answers.extend([500, 200])
    tested = await subscribe(moved, receiver.url, ("hold.*",))
    async with run_relay():
        await moved.execute(TEST, tested)
        (failed,) = await settled(moved, 1)
        again = await moved.fetchval(TEST, tested)
        (_, arrived) = await settled(moved, 2)
    assert (failed["status"], failed["attempts"]) == ("dead", 1)
    assert (arrived["status"], arrived["attempts"]) == ("delivered", 1)
    assert receiver.got[-1].id == str(again)


async def test_a_disabled_or_deleted_endpoint_is_not_tested(moved: asyncpg.Connection) -> None:
    tested = await subscribe(moved, "https://shop.example")
    await moved.execute("select zerosum.disable_endpoint(1, $1, 'by hand')", tested)
    assert await moved.fetchval(TEST, tested) is None
    await moved.execute("select zerosum.delete_endpoint(1, $1)", tested)
    assert await moved.fetchval(TEST, tested) is None
    assert await moved.fetchval(TEST, 999) is None
    assert not await moved.fetchval(
        "select count(*) from ledger.outbox where type = 'endpoint.test'"
    )
