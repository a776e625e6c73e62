"""Every shell and SQL block of the documentation runs, in the order of its page, as a reader would
run it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from tests.docs.blocks import CHECKED, ROOT, RUN, SHOWN, Terminal, blocks
from tests.support.api import KEY
from tests.support.ledger import stamped
from tests.support.process import ServerProcess, free_port

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/**/*.md"))]
RUNNING = [page for page in PAGES if any(block.runs for block in blocks(page))]
# Pages that begin from nothing. The others find the wallets alice, who has money, and bob.
FROM_NOTHING = {"README.md", "docs/quickstart.md"}
ROLES = ("debezium", "shop", "wallet")


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.fixture
async def terminal(
    database_url: str, db: asyncpg.Connection, tmp_path: Path
) -> AsyncIterator[Terminal]:
    log_key = str(tmp_path / "log_key")
    (tmp_path / "server").mkdir()
    server = ServerProcess(tmp_path / "server", database_url, ZEROSUM_LOG_KEY_FILE=log_key)
    await server.start()
    yield Terminal(
        tmp_path / "reader",
        {8000: server.port, 9000: free_port()},
        KEY=KEY,
        DATABASE_URL=database_url,
        ZEROSUM_LOG_KEY_FILE=log_key,
    )
    await server.end()
    for role in ROLES:
        if await db.fetchval("select exists (select from pg_roles where rolname = $1)", role):
            await db.execute(f"drop owned by {role} cascade; drop role {role}")


@pytest.fixture
async def reader(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection with the settings that a reader's would have."""
    conn = await asyncpg.connect(database_url)
    yield conn
    await conn.close()


@pytest.mark.parametrize("page", RUNNING, ids=name)
async def test_the_blocks_of_a_page_run(
    page: Path, terminal: Terminal, reader: asyncpg.Connection
) -> None:
    db = reader
    if name(page) not in FROM_NOTHING:
        for wallet in ("alice", "bob"):
            await db.execute("select zerosum.create_wallet(1, $1, 'USD')", wallet)
        await db.execute("select zerosum.credit(1, 'alice', 1000)")
    for block in blocks(page):
        if not block.runs:
            continue
        if block.language == "sql":
            await db.execute(block.text)
        elif block.note == "run in the background":
            await terminal.run_in_background(block.text)
        else:
            told = await terminal.run(block.text)
            assert "urn:zerosum:problem" not in told, (block.text, told)
        await stamped(db)
    if terminal.background:
        await arrived(db)
        await terminal.until("transaction.posted")
        await terminal.end()


async def arrived(db: asyncpg.Connection) -> None:
    """Wait until every webhook endpoint has everything."""
    behind = (
        "select exists (select from ledger.endpoints where sent_seq <"
        " (select max(seq) from ledger.events)) or exists (select from ledger.deliveries"
        " where status = 'pending')"
    )
    async with asyncio.timeout(30):
        while await db.fetchval(behind):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


def test_every_block_is_run_or_says_why_not() -> None:
    for page in PAGES:
        for block in blocks(page):
            assert block.language in RUN | CHECKED | SHOWN, (page, block.language)
            if block.note.startswith("not run"):
                assert block.note.partition(": ")[2], page
            if block.language == "console":
                assert page.name in {"heroku.md", "compose.md"}, page
