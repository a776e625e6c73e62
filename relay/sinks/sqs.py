"""Send to Amazon SQS, or to what speaks its protocol: batches of up to ten. Those of a batch that
failed are sent again, alone."""

from __future__ import annotations

import asyncio
import hashlib
import re
from itertools import groupby
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from app.sink_url import BadSink, SinkUrl
from relay.sinks.carrier import CarryFailed, Event, attributes, order_key

BATCH, BATCH_BYTES = 10, 200_000  # SQS takes 256 KiB a batch, attributes included.
TRIES = 3
PARALLEL = 8  # batches at a time to a standard queue, which keeps no order
TIMEOUT_S = 5


class SqsCarrier:
    """carry() sends from threads: botocore's client is blocking and thread-safe."""

    def __init__(self, sink: SinkUrl) -> None:
        self.sink = sink
        self.key = sink.options.get("key", "ledger")
        self.urls: dict[str, str] = {}
        self.closed = False
        try:
            self.client = botocore.session.get_session().create_client(
                "sqs",
                region_name=sink.options.get("region"),
                endpoint_url=sink.options.get("endpoint"),
                config=Config(
                    connect_timeout=TIMEOUT_S,
                    read_timeout=TIMEOUT_S,
                    retries={"total_max_attempts": 1},
                    max_pool_connections=PARALLEL,
                ),
            )
        except (BotoCoreError, ValueError) as error:
            raise BadSink(f"SQS: {error}") from None

    async def carry(self, events: list[Event]) -> None:
        """Send the runs of one queue in turn. What arrived after a failed event is sent again."""
        sent = 0
        for queue, run in groupby(events, self.queue_of):
            batches = split(list(run))
            width = 1 if queue.endswith(".fifo") else PARALLEL
            for start in range(0, len(batches), width):
                some = batches[start : start + width]
                results = await asyncio.gather(
                    *(asyncio.to_thread(self.send, queue, batch) for batch in some)
                )
                for batch, (arrived, why) in zip(some, results, strict=True):
                    sent += arrived
                    if arrived < len(batch):
                        raise CarryFailed(sent, f"SQS: {why}")

    def queue_of(self, event: Event) -> str:
        """Return the queue's name. Names have letters, digits, - and _; any other character becomes
        -."""
        name = self.sink.topic_of(event.ledger, event.type)
        fifo = name.endswith(".fifo")
        return re.sub(r"[^A-Za-z0-9_-]", "-", name.removesuffix(".fifo")) + (
            ".fifo" if fifo else ""
        )

    def send(self, queue: str, batch: list[Event]) -> tuple[int, str]:
        """Send one run. Return how many arrived, from the first on, and why the others did not."""
        left = dict(enumerate(batch))
        why = ""
        for _ in range(0 if self.closed else TRIES):
            entries = [self.entry(n, event, queue) for n, event in left.items()]
            try:
                answer = self.client.send_message_batch(
                    QueueUrl=self.url_of(queue), Entries=entries
                )
            except (BotoCoreError, ClientError) as error:
                why = str(error)
                break
            for entry in answer.get("Successful", []):
                left.pop(int(entry["Id"]), None)
            failed = sorted(answer.get("Failed", []), key=lambda entry: int(entry["Id"]))
            if not left:
                return len(batch), ""
            why = f"{failed[0]['Code']}: {failed[0].get('Message', '')}" if failed else "no answer"
            if all(entry.get("SenderFault") for entry in failed):
                break
        return min(left), why

    def url_of(self, queue: str) -> str:
        if queue not in self.urls:
            self.urls[queue] = self.client.get_queue_url(QueueName=queue)["QueueUrl"]
        return self.urls[queue]

    def entry(self, n: int, event: Event, queue: str) -> dict[str, Any]:
        named = attributes(event, self.sink)
        entry = {
            "Id": str(n),
            "MessageBody": event.body.decode(),
            "MessageAttributes": {
                name: {"DataType": "String", "StringValue": value} for name, value in named.items()
            },
        }
        if queue.endswith(".fifo"):
            entry["MessageGroupId"] = group(order_key(event, self.key))
            entry["MessageDeduplicationId"] = event.id
        return entry

    async def close(self) -> None:
        self.closed = True
        self.client.close()


def group(key: str) -> str:
    """Return the group's name. It may have 128 printable ASCII characters without spaces; ours have
    no others."""
    return key if len(key) <= 128 else hashlib.sha256(key.encode()).hexdigest()


def split(events: list[Event]) -> list[list[Event]]:
    batches: list[list[Event]] = []
    size = 0
    for event in events:
        cost = len(event.body) + 1024  # with its attributes
        if not batches or len(batches[-1]) == BATCH or size + cost > BATCH_BYTES:
            batches.append([])
            size = 0
        batches[-1].append(event)
        size += cost
    return batches
