"""Events reach endpoints: signed, again until they are acknowledged, under one id, whatever dies in
between."""

from __future__ import annotations

import contextlib
import json
import random
from datetime import UTC, datetime

import asyncpg
from standardwebhooks import Webhook

from relay.webhooks import endpoint
from relay.webhooks.policy import WebhookPolicy
from tests.relay.conftest import RunRelay
from tests.support.ledger import codes, req, verify
from tests.support.receiver import Received, Receiver, counting
from tests.support.webhooks import SECRET, settled, subscribe


async def test_a_webhook_is_signed_and_is_the_feeds_bytes(
    moved: asyncpg.Connection, run_relay: RunRelay, receiver: Receiver
) -> None:
    await subscribe(moved, f"{receiver.url}/hook")
    async with run_relay():
        assert await codes(moved, req(("alice", "bob", 250))) == ["posted"]
        (first, second) = sorted(await receiver.until(2), key=lambda r: r.event["seq"])
        await settled(moved, 2)
    checker = Webhook(SECRET)
    for received in (first, second):
        checker.verify(received.body, received.headers)
        at = datetime.fromtimestamp(int(received.headers["webhook-timestamp"]), UTC)
        assert abs((datetime.now(UTC) - at).total_seconds()) < 30
    assert second.headers["content-type"] == "application/json"
    assert second.event["id"] == second.id
    assert (second.event["type"], second.event["ledger"]) == ("transaction.posted", "main")
    assert second.event["data"]["postings"][0]["amount"] == 250
    bodies = [
        row["body"] for row in await moved.fetch("select body from zerosum.list_events(1, 0, 9)")
    ]
    assert [first.body.decode(), second.body.decode()] == bodies
    assert await verify(moved) == []


async def test_a_500_is_followed_by_another_try_with_the_same_id(
    moved: asyncpg.Connection, run_relay: RunRelay, receiver: Receiver
) -> None:
    receiver.answers.extend([500, 200])
    await subscribe(moved, receiver.url)
    async with run_relay():
        first, second = await receiver.until(2)
        (row,) = await settled(moved, 1)
    assert (first.id, first.body) == (second.id, second.body)
    assert (row["status"], row["attempts"], row["last_status"]) == ("delivered", 2, 200)


async def test_it_is_given_up_when_the_schedule_ends(
    moved: asyncpg.Connection,
    run_relay: RunRelay,
    receiver: Receiver,
) -> None:
    receiver.answers.extend([500] * 10)
    await subscribe(moved, receiver.url)
    async with run_relay(policy=WebhookPolicy((0.01, 0.01))):
        (row,) = await settled(moved, 1)
        assert len(receiver.got) == 3
    assert (row["status"], row["attempts"], row["last_error"]) == ("dead", 3, "answered 500")


async def test_what_waits_goes_to_the_new_url_by_the_new_types(
    moved: asyncpg.Connection,
    run_relay: RunRelay,
    receiver: Receiver,
) -> None:
    receiver.answers.extend([500])
    endpoint = await subscribe(moved, f"{receiver.url}/old")
    change = "select zerosum.change_endpoint(1, $1, $2)"
    async with run_relay(policy=WebhookPolicy((0.3, 0.3, 0.3))):
        first = (await receiver.until(1, "/old"))[0]
        await moved.execute(
            change, endpoint, json.dumps({"url": f"{receiver.url}/new", "types": ["transaction.*"]})
        )
        assert await codes(moved, req(("alice", "bob", 1))) == ["posted"]
        came = await receiver.until(2, "/new")
        await settled(moved, 2)
    assert first.id in {one.id for one in came}
    # Not endpoint.changed, which the new types leave out.
    assert {one.event["type"] for one in receiver.got} == {"transaction.posted"}


async def test_a_redirect_is_a_failure_and_not_followed(
    moved: asyncpg.Connection,
    run_relay: RunRelay,
    receiver: Receiver,
) -> None:
    await subscribe(moved, f"{receiver.url}/redirect")
    async with run_relay(policy=WebhookPolicy(())):
        (row,) = await settled(moved, 1)
    assert (row["status"], row["last_status"]) == ("dead", 302)
    assert {r.path for r in receiver.got} == {"/redirect"}


async def test_an_address_that_is_not_allowed_gets_nothing(
    moved: asyncpg.Connection,
    run_relay: RunRelay,
    receiver: Receiver,
) -> None:
    """By literal address, and by names that resolve to one, whatever was checked when the endpoint
    was created."""
    hosts = ("127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "[::1]")
    async with counting() as counter:
        for scheme in ("http", "https"):
            for host in hosts:
                await subscribe(moved, f"{scheme}://{host}:{counter.port}/")
        async with run_relay(allow=(), policy=WebhookPolicy(())):
            rows = await settled(moved, 12)
        assert {row["status"] for row in rows} == {"dead"}
        assert counter.accepted == 0


async def test_a_name_with_an_allowed_address_is_reached(
    moved: asyncpg.Connection, run_relay: RunRelay, receiver: Receiver
) -> None:
    await subscribe(moved, receiver.url.replace("127.0.0.1", "localhost") + "/name")
    async with run_relay():
        await receiver.until(1, "/name")


async def test_a_hanging_endpoint_delays_no_other(
    moved: asyncpg.Connection, run_relay: RunRelay, receiver: Receiver
) -> None:
    await subscribe(moved, f"{receiver.url}/hang")
    await subscribe(moved, f"{receiver.url}/fine")
    async with run_relay():
        for _ in range(40):
            assert await codes(moved, req(("alice", "bob", 1))) == ["posted"]
        await receiver.until(41, "/fine")
        assert len([r for r in receiver.got if r.path == "/hang"]) <= endpoint.FIRST_WIDTH


async def test_every_event_arrives_though_the_receiver_fails_at_random(
    moved: asyncpg.Connection,
    run_relay: RunRelay,
    receiver: Receiver,
) -> None:
    rnd = random.Random(3)
    receiver.answers.extend(rnd.choice([200, 500, 503, 404, 204]) for _ in range(300))
    await subscribe(moved, receiver.url)
    async with run_relay(policy=WebhookPolicy((0.01,) * 50)):
        for _ in range(10):
            assert await codes(moved, *[req(("alice", "bob", 1))] * 10) == ["posted"] * 10
        await settled(moved, 101)
    assert {r.event["seq"] for r in receiver.got} == set(range(1, 102))
    bodies: dict[str, Received] = {}
    for received in receiver.got:
        assert bodies.setdefault(received.id, received).body == received.body


async def test_a_wake_up_that_is_missed_is_healed_by_the_poll(
    moved: asyncpg.Connection, run_relay: RunRelay, receiver: Receiver, database_url: str
) -> None:
    """The notification is switched off: only the poll remains."""
    await moved.execute("alter table ledger.outbox disable trigger outbox_notify")
    await subscribe(moved, receiver.url)
    async with run_relay():
        await receiver.until(1)
        for count in (2, 3):
            assert await codes(moved, req(("alice", "bob", 1))) == ["posted"]
            await receiver.until(count)


async def test_it_outlives_its_connections(
    moved: asyncpg.Connection, run_relay: RunRelay, receiver: Receiver
) -> None:
    await subscribe(moved, receiver.url)
    async with run_relay():
        await receiver.until(1)
        for count in (2, 3, 4):
            await moved.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )
            assert await codes(moved, req(("alice", "bob", 1))) == ["posted"]
            await receiver.until(count)
        rows = await settled(moved, 4)
    assert [row["status"] for row in rows] == ["delivered"] * 4


async def test_a_second_relay_stands_by_and_takes_over(
    moved: asyncpg.Connection, run_relay: RunRelay, receiver: Receiver
) -> None:
    await subscribe(moved, receiver.url)
    async with contextlib.AsyncExitStack() as stack:
        first = await stack.enter_async_context(run_relay())
        await receiver.until(1)
        async with run_relay():
            holder = (
                "select holder from ledger.feeds where ledger_id = 1 and until > clock_timestamp()"
            )
            assert await moved.fetchval(holder) == first.holder
            assert await codes(moved, req(("alice", "bob", 1))) == ["posted"]
            await receiver.until(2)
            await settled(moved, 2)
            await stack.aclose()
            assert await codes(moved, req(("alice", "bob", 1))) == ["posted"]
            await receiver.until(3)
    assert len({r.id for r in receiver.got}) == 3


async def test_ledgers_have_feeds_of_their_own(
    moved: asyncpg.Connection, run_relay: RunRelay, receiver: Receiver
) -> None:
    await moved.execute(
        "insert into ledger.wallets (ledger_id, id, asset) values (2, 'alice', 'USD')"
    )
    await subscribe(moved, f"{receiver.url}/main")
    await subscribe(moved, f"{receiver.url}/test", ledger=2)
    async with run_relay():
        await moved.fetch("select * from zerosum.credit(2, 'alice', 5)")
        (main,) = await receiver.until(1, "/main")
        (test,) = await receiver.until(1, "/test")
    assert (main.event["ledger"], main.event["seq"]) == ("main", 1)
    assert (test.event["ledger"], test.event["seq"]) == ("test", 1)
