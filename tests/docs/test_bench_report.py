"""The page that `make bench` writes, and the README's plot, from figures of two runs."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench import report
from bench.bars import BARS, Median, judge

MACHINE = {
    "date": "2030-01-31 12:00 UTC",
    "commit": "0123abc",
    "processor": "2 cores, A <processor>",
    "PostgreSQL": "18.1",
}


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(report, "OUT", tmp_path / "out")
    return tmp_path / "out"


def figures(factor: float) -> dict[str, dict[str, float]]:
    """Every figure that a bar names, and those of the README's plot."""
    found: dict[str, dict[str, float]] = {name: {"per_s": 1000 * factor} for name in report.SHOWN}
    for bar in BARS:
        for name in filter(None, (bar.figure, bar.base)):
            found.setdefault(name, {})[bar.part] = 100 * factor
    return found


def test_a_run_is_shown_beside_the_one_before(out: Path) -> None:
    report.write(MACHINE, figures(1))
    first = (out / "index.html").read_text()
    assert "the run before" not in first
    report.write({**MACHINE, "commit": "4567def"}, figures(2))
    page = (out / "index.html").read_text()
    assert "the run before: 0123abc" in page
    assert "A &lt;processor&gt;" in page
    assert all(title in page for title, _, _ in report.PLOTS)
    assert page.count("<tr><td>") == len(BARS)
    # Twice as long as before.
    widths = re.findall(r'width="([0-9.]+)" height="(12|6)"', page)
    assert widths
    for (now, _), (then, _) in zip(widths[::2], widths[1::2], strict=True):
        assert float(now) == pytest.approx(2 * float(then), abs=0.2)
    assert json.loads((out / "figures.json").read_text())["results"] == figures(2)


def test_what_could_not_be_measured_is_said_and_not_met(out: Path) -> None:
    report.write(MACHINE, {"webhook, idle": {"p50_ms": 5, "p99_ms": 500}})
    page = (out / "index.html").read_text()
    left = page[page.index("Not measured in this run") :]
    assert left[: left.index("</p>")].count(" (") == len(BARS) - 2
    met = {
        (one.bar.figure, one.bar.part): one.met
        for one in judge({"webhook, idle": {"p50_ms": 5, "p99_ms": 500}})
    }
    assert met["webhook, idle", "p50_ms"]
    assert not met["webhook, idle", "p99_ms"]
    assert sum(met.values()) == 1


def test_a_ratio_is_the_median_of_the_rounds() -> None:
    """And not the ratio of the medians: the machine changes between rounds."""
    fast = Median([{"per_s": n} for n in (10.0, 40.0, 30.0)])
    base = Median([{"per_s": n} for n in (10.0, 10.0, 60.0)])
    bar = next(bar for bar in BARS if bar.base and bar.part == "per_s" and bar.sign == ">=")
    assert bar.base is not None
    (one,) = [one for one in judge({bar.figure: fast, bar.base: base}) if one.bar == bar]
    assert one.value == 1.0


def test_the_plot_is_a_picture_with_its_machine(out: Path, tmp_path: Path) -> None:
    report.write(MACHINE, figures(1))
    report.plot(tmp_path / "bench.svg")
    root = ElementTree.parse(tmp_path / "bench.svg").getroot()
    told = " ".join(root.itertext())
    assert "2 cores, A <processor>; PostgreSQL 18.1; 2030-01-31" in told
    assert all(f"{label}: " in told for label in report.SHOWN.values())
