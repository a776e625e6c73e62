"""One sink: read the feed after its cursor in Postgres, send what is there, move the cursor, again
and again.

The worker keeps no state. A cursor that somebody has moved meanwhile stays where it was moved to.
What may have arrived already is sent again, under the same ids.
"""

from __future__ import annotations

import asyncio
import logging
import random

import asyncpg

from app import metrics
from app.database.connections import Pool, call
from app.database.errors import DATABASE_ERRORS
from app.encryption import CantDecrypt, Encryption
from app.sink_url import BadSink, parse_sink_url
from relay.lease import Lease, is_lost
from relay.sinks.carrier import Carrier, CarryFailed, Event

PAGE = 1000
PAGE_BYTES = 4 * 1024 * 1024
CARRY_S = 30  # No carrier takes so long; give up one that does.
DATABASE_RETRY_S = 0.5
FIRST_RETRY_S, MAX_RETRY_S = 0.5, 60.0
ERROR_LIMIT = 500

log = logging.getLogger("zerosum.relay")


class SinkWorker:
    """run() sends until it is cancelled; call wake() when there may be something to send."""

    def __init__(
        self, pool: Pool, lease: Lease, encryption: Encryption, ledger: int, sink: int
    ) -> None:
        self.pool, self.lease, self.encryption = pool, lease, encryption
        self.ledger, self.sink = ledger, sink
        self.woken = asyncio.Event()
        self.carrier: Carrier | None = None
        self.url = ""
        self.failures = 0

    def wake(self) -> None:
        self.woken.set()

    async def run(self) -> None:
        try:
            while True:
                self.woken.clear()
                try:
                    if not await self.carry_some():
                        await self.woken.wait()
                except DATABASE_ERRORS as error:
                    if not is_lost(error):
                        log.warning("a sink's events can't be read: %s", error)
                    await asyncio.sleep(DATABASE_RETRY_S)
        finally:
            await self.close()

    async def carry_some(self) -> bool:
        """Send the next events. Return False if there was nothing to do."""
        await self.lease.wait()
        found = await call(
            self.pool,
            "next_events",
            ledger=self.ledger,
            sink=self.sink,
            max=PAGE,
            max_bytes=PAGE_BYTES,
            holder=self.lease.holder,
        )
        if not found:
            await self.close()
            return False
        (row,) = found
        if row["read_to"] is None:
            return False
        error, arrived = None, len(row["seqs"])
        if arrived:
            if not self.lease.held():
                return True
            error, arrived = await self.carry(row)
        sent_to = row["read_to"]
        if error is not None:
            sent_to = row["seqs"][arrived] - 1
        metrics.SINK_EVENTS.labels(row["ledger_name"], row["name"]).inc(arrived)
        await call(
            self.pool,
            "record_sink",
            ledger=self.ledger,
            sink=self.sink,
            sent_seq=row["sent_seq"],
            sent_to=sent_to,
            error=error,
            holder=self.lease.holder,
        )
        if error is not None:
            metrics.SINK_FAILURES.labels(row["ledger_name"], row["name"]).inc()
            if self.failures == 0:
                log.warning("sink %s: %s; the sink is tried again", row["name"], error)
            await asyncio.sleep(self.pause_s())
            self.failures += 1
        else:
            self.failures = 0
        return True

    async def carry(self, row: asyncpg.Record) -> tuple[str | None, int]:
        """Send events. Return how many arrived, from the first on, and why the others did not, or
        None."""
        ledger = row["ledger_name"]
        columns = zip(
            row["ids"], row["types"], row["seqs"], row["times"], row["bodies"], strict=True
        )
        events = [
            Event(str(id_), type_, seq, ledger, at, body.encode())
            for id_, type_, seq, at, body in columns
        ]
        try:
            url = self.encryption.decrypt(row["url"], "sink url")
            if self.carrier is None or self.url != url:
                await self.close()
                self.carrier, self.url = open_carrier(url), url
            async with asyncio.timeout(CARRY_S):
                await self.carrier.carry(events)
        except CarryFailed as failed:
            why, sent = str(failed), failed.sent
        except (BadSink, CantDecrypt) as bad:
            why, sent = str(bad), 0
        except TimeoutError:
            why, sent = f"no answer within {CARRY_S} s", 0
        except (
            Exception
        ) as error:  # Whatever a library raises must not affect another sink or webhook.
            log.exception("sink %s", row["name"])
            why, sent = f"{type(error).__name__}: {error}", 0
        else:
            return None, len(events)
        await self.close()
        return why[:ERROR_LIMIT].replace("\0", ""), sent

    def pause_s(self) -> float:
        """Return how long to wait after so many failures: doubled each time, with jitter, so that
        many sinks don't come back together."""
        return float(
            min(MAX_RETRY_S, FIRST_RETRY_S * 2 ** min(self.failures, 10))
        ) * random.uniform(0.8, 1.2)  # noqa: S311

    async def close(self) -> None:
        carrier, self.carrier = self.carrier, None
        if carrier is not None:
            await carrier.close()


class Missing(BadSink):
    """A library that this sink needs is not installed."""


def open_carrier(url: str) -> Carrier:
    """Open a connection to the sink. Raises BadSink. Libraries are imported here, since they are
    extras."""
    sink = parse_sink_url(url)
    if sink.scheme == "kafka":
        try:
            from relay.sinks.kafka import KafkaCarrier
        except ImportError:
            raise Missing("Kafka needs confluent-kafka: pip install 'zerosum[kafka]'") from None
        return KafkaCarrier(sink)
    if sink.scheme == "sqs":
        try:
            from relay.sinks.sqs import SqsCarrier
        except ImportError:
            raise Missing("SQS needs botocore: pip install 'zerosum[sqs]'") from None
        return SqsCarrier(sink)
    from relay.sinks.redis_stream import RedisStreamCarrier

    return RedisStreamCarrier(sink)
