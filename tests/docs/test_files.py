"""The files that the docs name exist, and the codes that SQL returns are documented."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.errors import CODES

ROOT = Path(__file__).parents[2]


def test_every_code_that_sql_gives_is_in_the_table_and_has_a_sqlstate() -> None:
    functions = {path.stem: path.read_text() for path in ROOT.glob("sql/functions/**/*.sql")}
    states = dict(re.findall(r"when '(\w+)' then '(ZS\d+)'", functions.pop("sqlstate")))
    given = set()
    for text in functions.values():
        given |= set(re.findall(r"then '([a-z]+_[a-z_]+)'", text))
        given |= set(re.findall(r"'code', '([a-z_]+)'[,)]", text))
    given -= {"wallet_"}
    given |= {"wallet_frozen", "wallet_closed"}
    assert {"insufficient_funds", "unknown_wallet", "invalid_amount"} <= given
    assert given <= set(states), given - set(states)
    assert given <= set(CODES), given - set(CODES)
    assert len(set(states.values())) == len(states)


def test_the_table_of_outcomes_has_every_code_that_is_neither_refused_nor_done() -> None:
    told = set(re.findall(r"`(\w+)`", (ROOT / "docs/reference/outcomes.md").read_text()))
    assert {code for code, entry in CODES.items() if entry.status >= 500} <= told


def test_a_file_says_only_what_is_the_products() -> None:
    """No machine paths, no package index: they differ where others are."""
    for path in [
        *ROOT.glob("*.*"),
        *ROOT.glob(".ci/*"),
        *ROOT.glob("*/**/*.py"),
        *ROOT.glob("sql/**/*.sql"),
        *ROOT.glob("docs/**/*.*"),
        *ROOT.glob("tests/tools/node/*.json"),
    ]:
        if path.suffix == ".png":
            continue
        if path.is_file() and ".venv" not in path.parts and path != Path(__file__):
            text = path.read_text()
            assert not re.search(r"index-url|/work/|pypi\.org", text), path


@pytest.mark.parametrize(
    "page",
    [
        "docs/architecture/index.md",
        "docs/architecture/idempotency.md",
        "docs/architecture/locks.md",
        "sql/README.md",
    ],
)
def test_files_that_the_docs_name_are_there(page: str) -> None:
    names = re.findall(r"`([\w/]+\.(?:py|sql))`", (ROOT / page).read_text())
    there = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("*/**/*.*")}
    assert names
    for name in names:
        assert any(path == name or path.endswith(f"/{name}") for path in there), name


def test_functions_have_a_header_and_lines_of_at_most_100_columns() -> None:
    for path in ROOT.glob("sql/functions/*/*.sql"):
        text = path.read_text()
        assert re.match(r"-- [A-Z(]", text), path
        header = re.match(r"(?:--.*\n)+", text)
        assert header, path
        assert "-- Locks" in header[0], path
        assert "-- Codes: " in header[0], path
        assert max(map(len, text.splitlines())) <= 100, path
