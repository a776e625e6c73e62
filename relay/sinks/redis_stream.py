"""Send to Redis Streams: XADD with MAXLEN ~; the fields are id, type, seq, ledger and data."""

from __future__ import annotations

import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.typing import EncodableT, FieldT

from app.sink_url import SinkUrl
from relay.sinks.carrier import CarryFailed, Event, attributes

TIMEOUT_S = 5
MAXLEN = 1_000_000
CHUNK = 500


class RedisStreamCarrier:
    """carry() adds a chunk of entries in one MULTI."""

    def __init__(self, sink: SinkUrl) -> None:
        self.sink = sink
        self.maxlen = int(sink.options.get("maxlen", MAXLEN))
        host, _, port = (
            sink.hosts.rpartition(":") if ":" in sink.hosts else (sink.hosts, "", "6379")
        )
        self.client = redis.asyncio.Redis(
            host=host,
            port=int(port),
            db=int(sink.path.strip("/") or 0),
            username=sink.user or None,
            password=sink.password or None,
            ssl=sink.scheme == "rediss",
            socket_timeout=TIMEOUT_S,
            socket_connect_timeout=TIMEOUT_S,
            single_connection_client=True,
            retry=Retry(NoBackoff(), 0),
        )

    async def carry(self, events: list[Event]) -> None:
        """Each chunk enters as a whole or not at all. A chunk whose fate is unknown is sent again."""
        for start in range(0, len(events), CHUNK):
            pipeline = self.client.pipeline(transaction=True)
            chunk = events[start : start + CHUNK]
            for event in chunk:
                named = attributes(event, self.sink).items()
                fields: dict[FieldT, EncodableT] = dict([*named, ("data", event.body)])
                pipeline.xadd(
                    self.sink.topic_of(event.ledger, event.type),
                    fields,
                    maxlen=self.maxlen,
                    approximate=True,
                )
            try:
                answers = await pipeline.execute(raise_on_error=False)
            except (RedisError, OSError) as error:
                raise CarryFailed(start, f"Redis: {error or type(error).__name__}") from None
            for n, answer in enumerate(answers):
                if isinstance(answer, Exception):
                    raise CarryFailed(start + n, f"Redis: {answer}")

    async def close(self) -> None:
        await self.client.aclose()
