"""The figures of a run as a page with plots, beside those of the run before; and the plot that the
README shows: `python -m bench.report docs/assets/bench.svg` after `make bench`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bench.bars import Result, judge

OUT = Path(__file__).parents[1] / "bench-report"
TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
# Each plot: its title, the unit, and the parts of figures that it shows.
PLOTS = (
    ("Throughput", "a second", ("per_s",)),
    ("Latency, median", "ms", ("p50_ms",)),
    ("Latency, 99th percentile", "ms", ("p99_ms",)),
    ("Processor time of the server for one transfer", "µs", ("server_cpu_us",)),
    ("Processor time of the database for one", "µs", ("cpu_us",)),
    ("Disk for one transfer", "bytes", ("bytes", "bytes_purged")),
)
SHOWN = {
    "pgbench TPC-B, 64 clients": "pgbench's TPC-B, SQL, 64 clients",
    "transfers, 64 connections": "transfers over HTTP, 64 connections",
    "transfers, one hot wallet": "the same, all from one hot wallet",
    "holds placed and captured": "holds placed and captured over HTTP",
    "batches of 100, 4 connections": "transfers over HTTP in batches of 100",
    "webhooks from a backlog, 10 endpoints": "webhooks delivered to 10 endpoints",
}
WIDTH, LABEL, ROW = 760, 330, 30  # pixels of a plot


@dataclass(frozen=True, slots=True)
class Row:
    """A figure now and in the run before, as lengths in pixels and as text."""

    label: str
    text: str
    length: float
    before: float | None
    before_text: str


def rows_of(
    results: dict[str, Result], before: dict[str, Result], parts: Sequence[str]
) -> list[Row]:
    """Return the figures that have one of these parts, in pixels of the longest."""
    found = [
        (name, part, result[part])
        for name, result in results.items()
        for part in parts
        if part in result
    ]
    values = [value for _, _, value in found]
    values += [before[name][part] for name, part, _ in found if part in before.get(name, {})]
    scale = (WIDTH - LABEL - 110) / max([*values, 1e-9])
    rows = []
    for name, part, value in found:
        then = before.get(name, {}).get(part)
        rows.append(
            Row(
                label=name if len(parts) == 1 else f"{name}: {part}",
                text=spelled(value),
                length=max(1.0, value * scale),
                before=None if then is None else max(1.0, then * scale),
                before_text="" if then is None else spelled(then),
            )
        )
    return rows


def spelled(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def write(machine: dict[str, str], results: dict[str, Result]) -> Path:
    """Write the page and its figures as JSON; return where the page is. The run before is the one
    whose figures are there already."""
    OUT.mkdir(exist_ok=True)
    figures = OUT / "figures.json"
    last: dict[str, Any] = json.loads(figures.read_text()) if figures.exists() else {}
    before = last.get("results", {})
    plots = [
        {"title": title, "unit": unit, "rows": rows}
        for title, unit, parts in PLOTS
        if (rows := rows_of(results, before, parts))
    ]
    then = {(one.bar.figure, one.bar.part): one.value for one in judge(before)}
    page = TEMPLATES.get_template("report.html").render(
        machine=machine,
        before=last.get("machine"),
        judged=judge(results),
        then=then,
        plots=plots,
        spelled=spelled,
        width=WIDTH,
        label=LABEL,
        row=ROW,
    )
    (OUT / "index.html").write_text(page)
    # A run of some groups keeps the figures of the others.
    told = {"machine": machine, "results": {**before, **results}}
    figures.write_text(json.dumps(told, indent=1))
    return OUT / "index.html"


def plot(file: Path) -> None:
    """Write the README's plot of the last run's figures."""
    told = json.loads((OUT / "figures.json").read_text())
    shown = {label: told["results"][name] for name, label in SHOWN.items()}
    machine = told["machine"]
    where = f"{machine['processor']}; PostgreSQL {machine['PostgreSQL']}; {machine['date'][:10]}"
    svg = TEMPLATES.get_template("plot.svg").render(
        rows=rows_of(shown, {}, ("per_s",)),
        title="A second, with database, server and load on one machine",
        where=where,
        width=WIDTH,
        label=LABEL,
        row=ROW,
    )
    file.write_text(svg)


if __name__ == "__main__":
    plot(Path(sys.argv[1]))
