"""Retries: what an attempt met is told, an endpoint that only fails is told of and disabled, and
what is overdue comes back at a pace."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import asyncpg
import pytest

from relay.webhooks.policy import WebhookPolicy
from tests.relay.conftest import RunRelay
from tests.support.ledger import codes, req, verify
from tests.support.receiver import Receiver
from tests.support.until import until
from tests.support.webhooks import deliveries, listening, settled, subscribe

ONCE = WebhookPolicy(())
DAY = 86400


async def attempts(db: asyncpg.Connection, endpoint: int) -> list[Any]:
    """The attempts of each delivery, as the API lists them, the newest event first."""
    rows = await db.fetch("select body from zerosum.list_deliveries(1, $1, null, 100)", endpoint)
    return [json.loads(row["body"])["attempts"] for row in rows]


async def answering(body: bytes, status: bytes, *fields: bytes) -> Any:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = b"\r\n".join([b"HTTP/1.1 " + status, b"Connection: close", *fields])
        writer.write(head + b"\r\n\r\n" + body)
        await writer.drain()
        writer.write_eof()
        await asyncio.sleep(5)

    return serve


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"no such order", "no such order"),
        (b"", ""),
        (b"x" * 100_000, "x" * 4096),
        (b"a\0b\xff", "ab\ufffd"),
    ],
)
@pytest.mark.parametrize("status", [b"200 OK", b"500 no"])
async def test_an_attempt_tells_the_answer_and_the_address(
    moved: asyncpg.Connection, run_relay: RunRelay, body: bytes, told: str, status: bytes
) -> None:
    serve = await answering(body, status)
    async with listening(serve) as port, run_relay(policy=ONCE):
        target = await subscribe(moved, f"http://localhost:{port}/")
        await settled(moved, 1)
    ((attempt,),) = await attempts(moved, target)
    assert (attempt["status"], attempt["answer"]) == (int(status[:3]), told)
    assert attempt["address"] == "127.0.0.1"


async def test_an_attempt_without_an_answer_tells_the_address_that_was_dialled(
    moved: asyncpg.Connection, run_relay: RunRelay
) -> None:
    async with run_relay(policy=ONCE):
        closed = await subscribe(moved, "http://127.0.0.1:9/")
        nowhere = await subscribe(moved, "https://no-such-host.invalid/")
        await settled(moved, 2)
    ((attempt,),) = await attempts(moved, closed)
    assert (attempt["status"], attempt["address"], attempt["answer"]) == (None, "127.0.0.1", None)
    ((attempt,),) = await attempts(moved, nowhere)
    assert (attempt["address"], attempt["answer"]) == (None, None)


async def test_answers_are_not_kept_where_the_operator_says_so(
    moved: asyncpg.Connection, run_relay: RunRelay
) -> None:
    serve = await answering(b"private", b"500 no")
    async with listening(serve) as port, run_relay(policy=WebhookPolicy((), keep_answers=False)):
        target = await subscribe(moved, f"http://127.0.0.1:{port}/")
        await settled(moved, 1)
    ((attempt,),) = await attempts(moved, target)
    assert (attempt["status"], attempt["answer"]) == (500, None)


async def test_a_kept_connection_tells_its_address_too_and_a_resent_event_keeps_its_attempts(
    moved: asyncpg.Connection, run_relay: RunRelay, receiver: Receiver
) -> None:
    target = await subscribe(moved, receiver.url)
    async with run_relay():
        await settled(moved, 1)
        assert await moved.fetchval("select zerosum.resend_delivery(1, $1, 1)", target)
        await receiver.until(2)
        await settled(moved, 1)

        async def are_two() -> bool:
            return len((await attempts(moved, target))[0]) == 2

        await until(are_two)
    ((first, second),) = await attempts(moved, target)
    assert first["address"] == second["address"] == "127.0.0.1"


async def age(db: asyncpg.Connection, column: str, seconds: float) -> None:
    await db.execute(
        f"update ledger.endpoints set {column} = {column} - make_interval(secs => $1)", seconds
    )


async def test_an_endpoint_that_only_fails_is_told_of_and_then_disabled(
    moved: asyncpg.Connection, run_relay: RunRelay, receiver: Receiver
) -> None:
    """Five days, faked: half of them pass, then the other half. Others are told, it is not."""
    bad = await subscribe(moved, f"{receiver.url}/redirect", ("transaction.*", "endpoint.*"))
    good = await subscribe(moved, f"{receiver.url}/good", ("endpoint.*",))
    count = 0

    async def fail() -> None:
        """One more delivery fails for good."""
        nonlocal count
        count += 1
        assert await codes(moved, req(("alice", "bob", 1))) == ["posted"]

        async def is_dead() -> bool:
            rows = await deliveries(moved)
            dead = [row for row in rows if row["endpoint_id"] == bad and row["status"] == "dead"]
            return len(dead) > count

        await until(is_dead)

    async def state() -> Any:
        row = await moved.fetchrow("select * from ledger.endpoints where id = $1", bad)
        assert row is not None
        return row

    async with run_relay(policy=ONCE):
        await fail()
        since = (await state())["failing_since"]
        assert since is not None
        await fail()
        assert (await state())["failing_since"] == since
        await age(moved, "failing_since", 2.4 * DAY)
        await fail()
        assert (await state())["warned_at"] is None
        await age(moved, "failing_since", 0.2 * DAY)
        await fail()
        (warning,) = await receiver.until(1, "/good")
        assert (warning.event["type"], warning.event["data"]["id"]) == ("endpoint.failing", bad)
        assert warning.event["data"]["failing_since"] is not None
        # Five days are over, but it was told of only now.
        await age(moved, "failing_since", 4 * DAY)
        await fail()
        assert (await state())["disabled_at"] is None
        await age(moved, "warned_at", 2.6 * DAY)
        await fail()
        (_, disabled) = await receiver.until(2, "/good")
    assert disabled.event["type"] == "endpoint.disabled"
    assert "nothing has arrived since 20" in (await state())["disabled_reason"]
    assert not [
        one for one in receiver.got if one.path != "/good" and "failing" in one.event["type"]
    ]
    # Enabled, it begins anew and gets what was kept: what came while it was disabled.
    assert await codes(moved, req(("alice", "bob", 5))) == ["posted"]
    await moved.execute("select zerosum.enable_endpoint(1, $1)", bad)
    assert ((await state())["failing_since"], (await state())["warned_at"]) == (None, None)
    await moved.execute(
        "select zerosum.change_endpoint(1, $1, $2)",
        bad,
        json.dumps({"url": f"{receiver.url}/mended", "types": ["transaction.*"]}),
    )
    async with run_relay(policy=ONCE):
        (kept,) = await receiver.until(1, "/mended")
    assert kept.event["data"]["postings"][0]["amount"] == 5
    assert good
    assert await verify(moved) == []


async def test_an_arrival_ends_it_and_zero_is_never(
    moved: asyncpg.Connection, run_relay: RunRelay, receiver: Receiver
) -> None:
    receiver.answers.extend([500, 200, 500, 500])
    target = await subscribe(moved, receiver.url)

    async def failing() -> bool:
        return bool(await moved.fetchval("select failing_since from ledger.endpoints"))

    async with run_relay(policy=WebhookPolicy((), disable_after_s=0)):
        await settled(moved, 1)
        assert await failing()
        await codes(moved, req(("alice", "bob", 1)))
        await settled(moved, 2)
        assert not await failing()
        await codes(moved, req(("alice", "bob", 1)))
        await settled(moved, 3)
        await age(moved, "failing_since", 100 * DAY)
        await codes(moved, req(("alice", "bob", 1)))
        await settled(moved, 4)
    row = await moved.fetchrow("select * from ledger.endpoints where id = $1", target)
    assert row is not None
    assert (row["disabled_at"], row["warned_at"]) == (None, None)


@pytest.mark.slow
async def test_the_operator_sets_the_schedule(
    moved: asyncpg.Connection, run_relay: RunRelay, receiver: Receiver
) -> None:
    receiver.answers.extend([500] * 5)
    await subscribe(moved, receiver.url)
    async with run_relay(policy=WebhookPolicy((0.05, 0.1, 0.2))):
        (row,) = await settled(moved, 1)
    assert (row["status"], row["attempts"]) == ("dead", 4)
    assert len(receiver.got) == 4


async def test_after_an_outage_it_begins_with_one(
    moved: asyncpg.Connection, run_relay: RunRelay
) -> None:
    """40 retries are overdue: the first is answered before a second is sent."""
    under_way: list[int] = []
    now = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal now
        while await reader.readuntil(b"\r\n\r\n"):
            now += 1
            under_way.append(now)
            await asyncio.sleep(0.05)
            now -= 1
            writer.write(b"HTTP/1.1 500 no\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
            return

    async with listening(serve) as port:
        target = await subscribe(moved, f"http://127.0.0.1:{port}/", ("hold.*",))
        await codes(moved, *(req(("alice", "bob", 1)) for _ in range(40)))
        async with run_relay():

            async def are_stamped() -> bool:
                last = await moved.fetchval("select last_seq from ledger.feeds where ledger_id = 1")
                return int(last) >= 41

            await until(are_stamped)
        await moved.execute(
            "insert into ledger.deliveries (ledger_id, endpoint_id, seq, due_at, attempts)"
            " select 1, $1, seq, now(), 1 from ledger.events where ledger_id = 1",
            target,
        )

        async def are_tried() -> bool:
            return len(under_way) >= 41

        async with run_relay(policy=WebhookPolicy((60, 60))):
            await until(are_tried)
    assert under_way[0] == 1
    assert max(under_way[:2]) <= 2
    assert max(under_way) == 4


async def test_what_is_new_does_not_wait_for_all_that_is_overdue(
    moved: asyncpg.Connection, run_relay: RunRelay, receiver: Receiver
) -> None:
    """An endpoint was away: 1,000 deliveries are overdue. A new event comes among the first."""
    target = await subscribe(moved, receiver.url, ("transaction.*",))
    await moved.execute("select zerosum.disable_endpoint(1, $1, 'away')", target)
    for _ in range(10):
        asked = [req(("alice", "bob", 1)) for _ in range(100)]
        assert set(await codes(moved, *asked)) == {"posted"}
    async with run_relay():

        async def are_stamped() -> bool:
            last = await moved.fetchval("select last_seq from ledger.feeds where ledger_id = 1")
            return int(last) > 1001

        await until(are_stamped)
    await moved.execute(
        "insert into ledger.deliveries (ledger_id, endpoint_id, seq, due_at, attempts)"
        " select 1, $1, seq, now() - interval '1 hour', 3 from ledger.events"
        " where ledger_id = 1 and type = 'transaction.posted'",
        target,
    )
    await moved.execute("update ledger.endpoints set sent_seq = 1002, disabled_at = null")
    assert await codes(moved, req(("alice", "bob", 9))) == ["posted"]
    async with run_relay():
        await receiver.until(400)
        position = next(
            n
            for n, one in enumerate(receiver.got)
            if one.event["data"]["postings"][0]["amount"] == 9
        )
        assert position < 400
        await settled(moved, 1002)
    assert len(receiver.got) == 1002
    assert await verify(moved) == []


async def test_an_endpoint_that_was_down_for_an_hour_gets_everything_and_not_at_once(
    moved: asyncpg.Connection, run_relay: RunRelay
) -> None:
    """The hour is faked: what is due later becomes due, and what came meanwhile is there too."""
    up = asyncio.Event()
    came: list[str] = []
    now = most = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal now, most
        if not up.is_set():
            return  # The connection is reset.
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            await reader.readexactly(int(head.split("content-length: ")[1].split("\r\n")[0]))
            now += 1
            most = max(most, now)
            await asyncio.sleep(0.005)
            now -= 1
            came.append(head.split("webhook-id: ")[1].split("\r\n")[0])
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            await writer.drain()

    async with listening(serve) as port:
        await subscribe(moved, f"http://127.0.0.1:{port}/")
        async with run_relay():
            for _ in range(20):
                await codes(moved, req(("alice", "bob", 1)))

            async def are_tried() -> bool:
                tried = "select count(*) from ledger.deliveries where attempts > 0"
                return int(await moved.fetchval(tried)) == 21

            await until(are_tried)
        assert came == []
        up.set()
        await moved.execute("update ledger.deliveries set due_at = due_at - interval '1 hour'")
        async with run_relay():
            await codes(moved, *(req(("alice", "bob", 1)) for _ in range(10)))
            await settled(moved, 31)
    assert len(came) == len(set(came)) == 31
    assert most <= 4
    assert not await moved.fetchval("select failing_since from ledger.endpoints")
    assert await verify(moved) == []
