"""The dashboard and the alert rules ask for metrics and labels that a server really has."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.docs.blocks import ROOT
from tests.support.process import ServerProcess, free_port
from tests.support.receiver import Receiver
from tests.support.until import until

FOLDER = ROOT / "docs/monitoring"
METRIC = re.compile(r"\b(zerosum_[a-z_]+)(?:\{([^}]*)\})?")
LABEL = re.compile(r'([a-z_]+)\s*(?:=|!=|=~|!~)\s*"([^"]*)"')
BY = re.compile(r"\bby \(([a-z_, ]+)\)")
SHOWN = re.compile(r"\{\{\s*(?:\$labels\.)?([a-z_]+)\s*\}\}")
OF_HISTOGRAMS = {"le"}


def queries() -> Iterator[tuple[str, str]]:
    """Each query, with the text that shows its labels."""
    for panel in json.loads((FOLDER / "dashboard.json").read_text())["panels"]:
        for target in panel.get("targets", []):
            yield target["expr"], target["legendFormat"]
    for group in yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]:
        for rule in group["rules"]:
            yield rule["expr"], rule["annotations"]["summary"]


async def test_they_ask_for_what_a_server_exports(
    server: ServerProcess, receiver: Receiver
) -> None:
    """Everything was used: an endpoint that fails, a consumer, a sink, a request of each kind."""
    port = free_port()
    server.environ |= {
        "ZEROSUM_METRICS_PORT": str(port),
        "ZEROSUM_SINKS": "redis://127.0.0.1:9?stream=s",
        "ZEROSUM_WEBHOOK_RETRIES": "1",
    }
    await server.start()
    receiver.answers.extend([500] * 100)
    async with server.client() as client:
        await client.post("/v1/wallets", json={"id": "alice", "asset": "USD"})
        await client.post("/v1/webhooks", json={"url": receiver.url})
        await client.put("/v1/consumers/mailer", json={})
        await client.post("/v1/credits", json={"wallet": "alice", "amount": 1})
        found: dict[str, set[str]] = {}

        async def is_all_there() -> bool:
            text = (await client.get(f"http://127.0.0.1:{port}/metrics")).text
            found.clear()
            for family in text_string_to_metric_families(text):
                # A metric without a series yet has its name only.
                found.setdefault(family.name, set())
                for sample in family.samples:
                    found.setdefault(sample.name, set()).update(sample.labels)
                if family.type == "counter":
                    found.setdefault(f"{family.name}_total", set())
            return "ledger" in found["zerosum_endpoint_dead_deliveries"] and bool(
                found["zerosum_sink_failures_total"] and found["zerosum_deliveries_total"]
            )

        await until(is_all_there)
    lazy = {
        "zerosum_relay_failures_total": {"ledger"},
        "zerosum_sink_events_total": {"sink"},
        # There is no standby here; tests/edges/test_replicas reads them.
        "zerosum_replica_ok": {"replica"},
        "zerosum_replica_lag_seconds": {"replica"},
        "zerosum_replica_reads_total": {"replica"},
    }
    for expression, shown in queries():
        names = [name for name, _ in METRIC.findall(expression)]
        assert names, expression
        labels: set[str] = set()
        for name in names:
            assert name in found, (name, expression)
            labels |= found[name] | lazy.get(name, set())
        asked = {
            name for _, given in METRIC.findall(expression) for name, _ in LABEL.findall(given)
        }
        asked |= {name for names_ in BY.findall(expression) for name in names_.split(", ")}
        asked |= set(SHOWN.findall(shown))
        assert asked - OF_HISTOGRAMS <= labels, (expression, asked, labels)


def test_every_metric_is_on_the_dashboard() -> None:
    from app.metrics import REGISTRY

    text = (FOLDER / "dashboard.json").read_text() + (FOLDER / "alerts.yml").read_text()
    told = {re.sub(r"_(total|bucket|sum|count)$", "", name) for name, _ in METRIC.findall(text)}
    unseen = {"zerosum_purged_deliveries", "zerosum_purged_events"}
    assert {metric.name for metric in REGISTRY.collect()} - told == unseen


def states() -> set[str]:
    """The states that an alert asks for."""
    found: set[str] = set()
    for expression, _ in queries():
        for _, given in METRIC.findall(expression):
            found |= {value for name, value in LABEL.findall(given) if name == "state"}
    return found


def test_states_are_those_of_sql() -> None:
    text = "".join(
        (ROOT / f"sql/functions/{path}.sql").read_text()
        for path in ("deliveries/endpoint_states", "sinks/sink_state")
    )
    known: Any = set(re.findall(r"(?:then|else) '([a-z]+)'", text))
    assert states() <= known
