"""SQS, over HTTP against moto's server."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from app.sink_url import parse_sink_url
from relay.sinks.carrier import Event
from relay.sinks.sqs import SqsCarrier, split
from tests.relay.conftest import RunRelay
from tests.sinks.conftest import MakeSink, bodies, pay, until
from tests.sinks.sqs import SqsServer


def attributes(message: dict[str, Any]) -> dict[str, str]:
    return {name: a["StringValue"] for name, a in message["MessageAttributes"].items()}


async def test_every_event_is_a_message(
    paying: asyncpg.Connection, run_relay: RunRelay, make_sink: MakeSink, sqs: SqsServer, tag: str
) -> None:
    queue = sqs.queue(f"all-{tag}")
    sink = await make_sink(sqs.url(f"all-{tag}"))
    await pay(paying, 50)
    async with run_relay():
        await until(paying, sink, sent_seq=53, state="ok", behind=0)
    messages = await asyncio.to_thread(sqs.read, queue)
    wanted = await bodies(paying)
    assert {attributes(m)["id"]: m["Body"].encode() for m in messages} == wanted
    assert sorted(int(attributes(m)["seq"]) for m in messages) == list(range(1, 54))
    assert set(attributes(messages[0])) == {"id", "type", "seq", "ledger"}


async def test_a_fifo_queue_gets_them_in_order_and_once(
    paying: asyncpg.Connection, run_relay: RunRelay, make_sink: MakeSink, sqs: SqsServer, tag: str
) -> None:
    queue = sqs.queue(f"ordered-{tag}.fifo")
    sink = await make_sink(sqs.url(f"ordered-{tag}.fifo", "&format=cloudevents"))
    await pay(paying, 25)
    async with run_relay():
        await until(paying, sink, sent_seq=28)
        assert await paying.fetchval("select body from zerosum.change_sink(1, $1, null, 10)", sink)
        await until(paying, sink, sent_seq=28)
    messages = await asyncio.to_thread(sqs.read, queue)
    assert [int(attributes(m)["ce_seq"]) for m in messages] == list(range(1, 29))
    assert {m["Attributes"]["MessageGroupId"] for m in messages} == {"main"}
    ids = [m["Attributes"]["MessageDeduplicationId"] for m in messages]
    assert ids == [attributes(m)["ce_id"] for m in messages] == list(await bodies(paying))


async def test_a_queue_that_is_not_there_is_a_state_until_it_is(
    paying: asyncpg.Connection, run_relay: RunRelay, make_sink: MakeSink, sqs: SqsServer, tag: str
) -> None:
    sink = await make_sink(sqs.url(f"later-{tag}"))
    async with run_relay():
        await until(paying, sink, state="retrying", error="NonExistentQueue", sent_seq=0)
        queue = sqs.queue(f"later-{tag}")
        await until(paying, sink, state="ok", sent_seq=3)
    assert len(await asyncio.to_thread(sqs.read, queue)) == 3


def event(seq: int, size: int = 10) -> Event:
    from datetime import UTC, datetime

    return Event(str(seq), "transaction.posted", seq, "main", datetime.now(UTC), b"x" * size)


def test_batches_hold_ten_and_no_more_bytes_than_sqs_takes() -> None:
    assert [len(b) for b in split([event(n) for n in range(25)])] == [10, 10, 5]
    batches = split([event(n, 60_000) for n in range(9)])
    assert [e.seq for b in batches for e in b] == list(range(9))
    assert max(sum(len(e.body) + 1024 for e in b) for b in batches) <= 200_000


@pytest.mark.parametrize("fault", [True, False])
def test_what_failed_of_a_batch_is_sent_again_alone(fault: bool, sqs: SqsServer, tag: str) -> None:
    """The one answer that moto can't be made to give: a part of a batch failed."""
    carrier = SqsCarrier(parse_sink_url(sqs.url(f"partly-{tag}")))
    queue = sqs.queue(f"partly-{tag}")
    real, sent = carrier.client.send_message_batch, []

    def partly(**asked: Any) -> Any:
        sent.append([entry["Id"] for entry in asked["Entries"]])
        if len(sent) > 1 and not fault:
            return real(**asked)
        good = [entry for entry in asked["Entries"] if entry["Id"] not in {"2", "4"}]
        if good:
            real(QueueUrl=asked["QueueUrl"], Entries=good)
        return {
            "Successful": [{"Id": entry["Id"]} for entry in good],
            "Failed": [{"Id": n, "Code": "No", "SenderFault": fault} for n in ("4", "2")],
        }

    carrier.client.send_message_batch = partly
    arrived = carrier.send(f"partly-{tag}", [event(n) for n in range(6)])
    assert arrived == ((2, "No: ") if fault else (6, ""))
    assert sent == [["0", "1", "2", "3", "4", "5"], *([] if fault else [["2", "4"]])]
    assert len(sqs.read(queue)) == (4 if fault else 6)
    carrier.client.close()
