"""The generated parts of the documentation are up to date. WRITE_REFERENCE=1 writes them: make
reference."""

from __future__ import annotations

import json
import os
from pathlib import Path

import asyncpg
import pytest

from tests.docs.generate import events
from tests.docs.generate.blocks import BLOCK, filled
from tests.docs.generate.story import tell
from tests.support.api import Api
from tests.support.ledger import lease, stamp_all

ROOT = Path(__file__).parents[2]
PAGES = [page for page in sorted(ROOT.glob("docs/**/*.md")) if BLOCK.search(page.read_text())]
WRITE = os.environ.get("WRITE_REFERENCE") == "1"


def compare(path: str, text: str) -> None:
    """The file has this text; WRITE_REFERENCE=1 writes it first."""
    if WRITE:
        (ROOT / path).parent.mkdir(exist_ok=True)
        (ROOT / path).write_text(text)
    assert (ROOT / path).read_text() == text, f"{path} is not up to date: make reference"


async def test_the_examples_are_what_a_server_answers(api: Api, db: asyncpg.Connection) -> None:
    api.app.services.sink_hosts = frozenset({"broker.example:9092"})

    async def prepare(what: str) -> None:
        if what == "stamp":
            await stamp_all(db)
        elif what == "end streams":
            api.app.services.feed.close()
        else:
            await lease(db, "r")
            await db.execute(
                "select zerosum.record_deliveries("
                "1, 1, 2, '{2}', '{pending}', '{503}', '{null}', '{112}', '{5}', 'r')"
            )

    told = await tell(api.client, prepare)
    compare("app/http/examples.json", json.dumps(told, indent=1, ensure_ascii=False) + "\n")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_generated_blocks_of_a_page_are_up_to_date(page: Path) -> None:
    compare(page.relative_to(ROOT).as_posix(), filled(page.read_text()))


def test_the_schemas_of_events_are_up_to_date() -> None:
    folder = ROOT / events.FOLDER
    written = events.files()
    if not WRITE:
        there = {path.relative_to(ROOT).as_posix() for path in folder.iterdir()}
        assert there == written.keys()
    for path, text in written.items():
        compare(path, text)
