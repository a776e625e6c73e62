"""The table of metrics."""

from __future__ import annotations

from app.metrics import REGISTRY
from tests.docs.generate.markdown import table


def block() -> str:
    rows = []
    for metric in REGISTRY.collect():
        labels = LABELS.get(metric.name, ())
        name = f"{metric.name}_total" if metric.type == "counter" else metric.name
        rows.append((f"`{name}`", metric.type, ", ".join(labels), metric.documentation))
    return table(("metric", "type", "labels", "what it counts"), *sorted(rows))


# The names of labels are the collectors' own: a metric without a series has none to look at.
LABELS: dict[str, tuple[str, ...]] = {
    collector._name: tuple(collector._labelnames)  # type: ignore[attr-defined]
    for collector in REGISTRY._collector_to_names
    if hasattr(collector, "_labelnames")
}
