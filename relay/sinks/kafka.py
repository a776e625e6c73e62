"""Send to Kafka by librdkafka: an idempotent producer with acks=all."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from app.sink_url import BadSink, SinkUrl
from relay.sinks.carrier import CarryFailed, Event, attributes, order_key

# How long the broker has, in all. What is not acknowledged by then is retried.
TIMEOUT_S = 10
# librdkafka gives up a message a moment after its time; we stop waiting so much later, whatever it
# does.
GRACE_S = 5
POLL_S = 0.1
DEFAULT_PORT = ":9092"


class KafkaCarrier:
    """carry() hands all events to librdkafka's own thread, and waits in a thread for the
    acknowledgements."""

    def __init__(self, sink: SinkUrl) -> None:
        self.sink = sink
        self.key = sink.options.get("key", "ledger")
        # The connection's last error: a message only knows that it timed out.
        self.trouble = ""
        # The waiting thread sees this, so that a stop need not wait for a dead broker.
        self.closed = False
        try:
            self.producer = Producer({**settings(sink), "error_cb": self.suffer})
        except (KafkaException, ValueError, TypeError) as error:
            raise BadSink(f"Kafka: {in_words(error)}") from None

    def suffer(self, error: KafkaError) -> None:
        if error.code() != KafkaError._ALL_BROKERS_DOWN:
            self.trouble = error.str()

    async def carry(self, events: list[Event]) -> None:
        await asyncio.to_thread(self.produce, events)

    def produce(self, events: list[Event]) -> None:
        arrived = [False] * len(events)
        failed: list[str] = []
        left = len(events)

        def acknowledged(n: int, error: KafkaError | None) -> None:
            nonlocal left
            left -= 1
            if error is None:
                arrived[n] = True
            else:
                failed.append(f"{events[n].type} {events[n].seq}: {error.str()}")

        def callback(n: int) -> Callable[[KafkaError | None, Message], None]:
            return lambda error, _: acknowledged(n, error)

        for n, event in enumerate(events):
            try:
                self.producer.produce(
                    self.sink.topic_of(event.ledger, event.type),
                    value=event.body,
                    key=order_key(event, self.key).encode(),
                    headers=list(attributes(event, self.sink).items()),
                    on_delivery=callback(n),
                )
                self.producer.poll(0)
            except (BufferError, KafkaException) as error:
                # What was handed over still goes. Hand over no more, so that nothing overtakes the
                # failed message.
                left -= len(events) - n
                failed.append(f"{event.type} {event.seq}: {in_words(error)}")
                break
        until = time.monotonic() + TIMEOUT_S + GRACE_S
        while left > 0 and time.monotonic() < until and not self.closed:
            try:
                self.producer.poll(POLL_S)
            except KafkaException as error:  # The producer can't go on without a gap.
                failed.append(in_words(error))
                break
        if left > 0 and not failed:
            failed.append("no acknowledgement in time")
        if failed:
            sent = arrived.index(False) if False in arrived else len(events)
            raise CarryFailed(
                sent, f"Kafka: {failed[0]}" + f" ({self.trouble})" * bool(self.trouble)
            )

    async def close(self) -> None:
        """Drop whatever is not sent: it will be sent again."""
        self.closed = True
        self.producer.purge(blocking=False)


def settings(sink: SinkUrl) -> dict[str, Any]:
    options = sink.options
    hosts = [host if ":" in host else host + DEFAULT_PORT for host in sink.hosts.split(",")]
    found = {
        "bootstrap.servers": ",".join(hosts),
        "client.id": "zerosum",
        "enable.idempotence": True,
        # A message that fails must not be overtaken by those behind it.
        "enable.gapless.guarantee": True,
        "acks": "all",
        "linger.ms": 1,
        "compression.type": "lz4",
        "message.timeout.ms": TIMEOUT_S * 1000,
        "reconnect.backoff.max.ms": 1000,
        "queue.buffering.max.messages": 100_000,
        "topic.metadata.propagation.max.ms": 2000,
        "allow.auto.create.topics": False,
        "log_level": 0,
    }
    security = options.get("security") or default_security(sink)
    found["security.protocol"] = security
    for option, setting in (
        ("ca", "ssl.ca.location"),
        ("certificate", "ssl.certificate.location"),
        ("private_key", "ssl.key.location"),
        ("private_key_password", "ssl.key.password"),
    ):
        if option in options:
            found[setting] = options[option]
    if security.startswith("sasl"):
        found["sasl.mechanism"] = options.get("sasl", "PLAIN")
        found["sasl.username"] = sink.user or ""
        found["sasl.password"] = sink.password or ""
    return found


def default_security(sink: SinkUrl) -> str:
    """A password goes over TLS, unless the URL says otherwise."""
    if sink.user:
        return "sasl_ssl"
    return "ssl" if "ca" in sink.options or "certificate" in sink.options else "plaintext"


def in_words(error: BaseException) -> str:
    if isinstance(error, KafkaException) and isinstance(error.args[0], KafkaError):
        return str(error.args[0].str())
    return str(error) or type(error).__name__
