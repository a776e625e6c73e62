"""The documentation builds to a site without a broken link, and the site fetches nothing from other
hosts."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[2]
PROSE = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    *ROOT.glob("docs/**/*.md"),
    *ROOT.glob("*/README.md"),
]


def build(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).parent / "zensical"), "build", "--strict"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    shutil.copy(ROOT / "zensical.toml", tmp_path)
    return tmp_path


def test_the_site_builds_and_fetches_nothing(pages: Path) -> None:
    ran = build(pages)
    assert ran.returncode == 0, ran.stderr
    built = list(pages.glob("site/**/*.html"))
    assert len(built) > len(list(pages.glob("docs/**/*.md")))
    for page in built:
        text = page.read_text()
        fetched = re.findall(r"<(?:script|img|iframe)[^>]+src=\"?(https?:[^\" >]+)", text)
        fetched += re.findall(r"<link[^>]+href=\"?(https?:[^\" >]+)", text)
        assert fetched == [], page


def test_a_broken_link_is_an_error(pages: Path) -> None:
    with (pages / "docs/quickstart.md").open("a") as page:
        page.write("\n[nowhere](nowhere.md)\n")
    assert build(pages).returncode != 0


def test_every_page_is_in_the_navigation() -> None:
    named = set(re.findall(r'"([\w/]+\.md)"', (ROOT / "zensical.toml").read_text()))
    there = {path.relative_to(ROOT / "docs").as_posix() for path in ROOT.glob("docs/**/*.md")}
    assert named == there


@pytest.mark.parametrize("page", PROSE, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_lines_have_at_most_100_columns(page: Path) -> None:
    """A row of a table is one line in Markdown; a generated block has the lines of its source."""
    text = re.sub(r"<!-- generated.*?<!-- end -->", "", page.read_text(), flags=re.S)
    long = [line for line in text.splitlines() if len(line) > 100 and not line.startswith("|")]
    assert long == []


@pytest.mark.parametrize("page", PROSE, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_link_to_a_file_leads_there(page: Path) -> None:
    """Also where the site is not built from: the README and its neighbours."""
    for link in re.findall(r"\]\(([^)#:\s]+)(?:#[\w-]+)?\)", page.read_text()):
        assert (page.parent / link).exists(), link
