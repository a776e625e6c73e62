"""A sink whose library is not installed says which to install; the relay goes on."""

from __future__ import annotations

import sys

import asyncpg
import pytest

from relay.sinks.sink import Missing, open_carrier
from tests.relay.conftest import RunRelay
from tests.sinks.conftest import MakeSink, until


@pytest.mark.parametrize(
    ("module", "url", "extra"),
    [
        ("relay.sinks.kafka", "kafka://h/t", r"zerosum\[kafka\]"),
        ("relay.sinks.sqs", "sqs://q?region=eu-central-1", r"zerosum\[sqs\]"),
    ],
)
def test_it_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, module: str, url: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(Missing, match=extra):
        open_carrier(url)


async def test_it_is_a_state(
    paying: asyncpg.Connection,
    run_relay: RunRelay,
    make_sink: MakeSink,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "relay.sinks.kafka", None)
    sink = await make_sink("kafka://h/t")
    async with run_relay():
        await until(paying, sink, state="retrying", error="pip install")
