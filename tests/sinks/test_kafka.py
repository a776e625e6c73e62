"""Kafka, on a real broker."""

from __future__ import annotations

import asyncio
import json
import secrets
import signal
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import asyncpg
import pytest
from confluent_kafka import Message

from app.database.connections import connect
from tests.relay.conftest import RunRelay
from tests.sinks.conftest import MakeSink, bodies, pay, until
from tests.sinks.kafka import PASSWORD, USER, KafkaBroker
from tests.support.until import until as when


def headers(message: Message) -> dict[str, str]:
    found: Any = message.headers()
    return {name: value.decode() for name, value in found}


def in_order(messages: Sequence[Message]) -> dict[bytes, list[int]]:
    """Return the seqs of each key in the order of its partition, each where it came first."""
    found: dict[bytes, dict[int, None]] = {}
    for message in messages:
        found.setdefault(message.key(), {})[int(headers(message)["seq"])] = None  # type: ignore[arg-type]
    return {key: list(seqs) for key, seqs in found.items()}


async def test_every_event_is_a_message(
    paying: asyncpg.Connection,
    run_relay: RunRelay,
    make_sink: MakeSink,
    kafka: KafkaBroker,
    tag: str,
) -> None:
    kafka.topic(f"all.{tag}")
    sink = await make_sink(f"kafka://{kafka.address}/all.{tag}")
    await pay(paying, 50)
    async with run_relay():
        await until(paying, sink, sent_seq=53, state="ok", behind=0)
    messages = await asyncio.to_thread(kafka.read, f"all.{tag}", 53)
    wanted = await bodies(paying)
    assert {headers(m)["id"]: m.value() for m in messages} == wanted
    assert in_order(messages) == {b"main": list(range(1, 54))}
    assert set(headers(messages[0])) == {"id", "type", "seq", "ledger"}


async def test_keys_keep_wallets_or_transactions_together_and_topics_have_templates(
    paying: asyncpg.Connection,
    run_relay: RunRelay,
    make_sink: MakeSink,
    kafka: KafkaBroker,
    tag: str,
) -> None:
    kafka.topic(f"main.transaction.posted.{tag}")
    kafka.topic(f"by-transaction.{tag}")
    wallet = await make_sink(
        f"kafka://{kafka.address}/x?topic={{ledger}}.{{type}}.{tag}&key=wallet&format=cloudevents&name=w"
    )
    transaction = await make_sink(
        f"kafka://{kafka.address}/by-transaction.{tag}?key=transaction", "4"
    )
    await pay(paying, 30)
    async with run_relay():
        await until(paying, wallet, sent_seq=33)
        await until(paying, transaction, sent_seq=33)
    messages = await asyncio.to_thread(kafka.read, f"main.transaction.posted.{tag}", 33)
    assert {m.key() for m in messages} == {b"alice", b"bob", b"carol", b"@world:USD"}
    for message in messages:
        said, event = headers(message), json.loads(message.value() or b"")
        assert (said["ce_id"], said["ce_type"]) == (event["id"], event["type"])
        assert (said["ce_specversion"], said["content-type"]) == ("1.0", "application/json")
        assert message.key() == event["data"]["postings"][0]["source"].encode()
    messages = await asyncio.to_thread(kafka.read, f"by-transaction.{tag}", 30)
    assert {m.key() for m in messages} == {
        str(json.loads(m.value() or b"")["data"]["id"]).encode() for m in messages
    }
    assert sorted(int(headers(m)["seq"]) for m in messages) == list(range(4, 34))


@pytest.mark.slow
async def test_a_broker_killed_in_the_middle_loses_nothing_and_order_holds(
    paying: asyncpg.Connection,
    run_relay: RunRelay,
    make_sink: MakeSink,
    kafka: KafkaBroker,
    tag: str,
    database_url: str,
) -> None:
    kafka.topic(f"killed.{tag}")
    sink = await make_sink(f"kafka://{kafka.address}/killed.{tag}?key=wallet")
    watching = await connect(database_url)
    async with run_relay():
        paid = asyncio.create_task(pay(paying, 1500))
        sent = "select sent_seq > 100 from ledger.sinks"
        await when(lambda: watching.fetchval(sent))
        await watching.close()
        kafka.end(signal.SIGKILL)
        await paid
        # The broker may have got all of them before it was killed.
        await pay(paying, 100)
        await until(paying, sink, state="retrying", error="Kafka")
        await asyncio.to_thread(kafka.start)
        await until(paying, sink, 60, state="ok", behind=0, sent_seq=1603, error=None)
    messages = await asyncio.to_thread(kafka.read, f"killed.{tag}", 1603)
    assert {headers(m)["id"] for m in messages} == set(await bodies(paying))
    for seqs in in_order(messages).values():
        assert seqs == sorted(seqs)


@pytest.mark.slow
async def test_tls_and_a_password_are_options_and_a_wrong_one_is_a_state(
    paying: asyncpg.Connection,
    run_relay: RunRelay,
    make_sink: MakeSink,
    kafka: KafkaBroker,
    tag: str,
) -> None:
    kafka.topic(f"safe.{tag}")
    place = f"{kafka.safe_address}/safe.{tag}?ca={kafka.certificate}"
    right = await make_sink(f"kafka://{USER}:{quote(PASSWORD, safe='')}@{place}")
    wrong = await make_sink(f"kafka://{USER}:wrong@{place}&name=wrong")
    strange = await make_sink(f"kafka://{kafka.safe_address}/safe.{tag}?security=ssl&name=strange")
    async with run_relay():
        await until(paying, right, state="ok", sent_seq=3)
        await until(paying, wrong, state="retrying", error="uthentication failed", sent_seq=0)
        await until(paying, strange, state="retrying", error="certificate verify failed")
    assert len(await asyncio.to_thread(kafka.read, f"safe.{tag}", 3)) == 3


async def test_a_missing_topic_is_a_state_until_it_is_there(
    paying: asyncpg.Connection,
    run_relay: RunRelay,
    make_sink: MakeSink,
    kafka: KafkaBroker,
    tag: str,
) -> None:
    sink = await make_sink(f"kafka://{kafka.address}/later.{tag}")
    async with run_relay():
        found = await until(paying, sink, state="retrying", error="Unknown topic")
        assert found["sent_seq"] == 0
        kafka.topic(f"later.{tag}")
        await until(paying, sink, state="ok", sent_seq=3)
    assert len(await asyncio.to_thread(kafka.read, f"later.{tag}", 3)) == 3


async def test_an_oversized_message_is_a_state_until_the_limit_is_raised(
    paying: asyncpg.Connection,
    run_relay: RunRelay,
    make_sink: MakeSink,
    kafka: KafkaBroker,
    tag: str,
) -> None:
    kafka.topic(f"small.{tag}", max_message_bytes="2000")
    sink = await make_sink(f"kafka://{kafka.address}/small.{tag}")
    noise = secrets.token_hex(6000)
    async with run_relay():
        await until(paying, sink, state="ok", sent_seq=3)
        await paying.execute(
            "select zerosum.transfer(1, 'alice', 'bob', 1, metadata => jsonb_build_object('n', $1::text))",
            noise,
        )
        await pay(paying, 3)
        await until(paying, sink, state="retrying", error="size")
        kafka.configure(f"small.{tag}", {"max.message.bytes": "1000000"})
        await until(paying, sink, state="ok", sent_seq=7)
    messages = await asyncio.to_thread(kafka.read, f"small.{tag}", 7)
    assert {headers(m)["id"] for m in messages} == set(await bodies(paying))


async def test_a_broker_that_is_not_there_holds_nothing_up(
    paying: asyncpg.Connection, run_relay: RunRelay, make_sink: MakeSink
) -> None:
    sink = await make_sink("kafka://127.0.0.1:1/x")
    async with asyncio.timeout(30):
        async with run_relay():
            await until(paying, sink, state="retrying", error="Connection refused")
