"""The examples, by the lines of their READMEs."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import asyncpg
import pytest

from app.webhook_secret import new_secret, spelled
from tests.docs.blocks import ROOT, blocks
from tests.support.api import KEY
from tests.support.process import ServerProcess, free_port

pytestmark = [pytest.mark.once, pytest.mark.slow]

EXAMPLES = ROOT / "examples"


async def paste(page: Path, room: Path, port: int, **environ: str) -> str:
    """Run the page's lines in one shell, in the page's folder. Returns what they print. port: what
    is run in the background listens there."""
    parts = ["set -eu"]
    for block in blocks(page):
        if block.language != "sh":
            continue
        if block.note == "run in the background":
            # The shell's child is the program itself, so that the end of the shell ends it.
            text = block.text.strip().replace("uvicorn", "exec uvicorn", 1)
            parts.append(f"( {text} ) >{room}/log 2>&1 & trap 'kill $!' EXIT")
            ask = f"import socket; socket.create_connection(('127.0.0.1', {port})).close()"
            parts.append(f'until "{sys.executable}" -c "{ask}" 2>/dev/null; do sleep 0.1; done')
        else:
            parts.append(block.text)
    process = await asyncio.create_subprocess_exec(
        "bash",
        "-c",
        "\n".join(parts),
        cwd=page.parent,
        env={
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": f"{ROOT}:{ROOT / 'clients/python'}",
            **environ,
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(60):
        out, _ = await process.communicate()
    assert process.returncode == 0, out.decode()
    return out.decode()


async def test_the_shop_over_http(running_server: ServerProcess, tmp_path: Path) -> None:
    port = free_port()
    said = await paste(
        EXAMPLES / "shop/README.md",
        tmp_path,
        port,
        ZEROSUM_URL=running_server.base,
        KEY=KEY,
        SHOP_URL=f"http://127.0.0.1:{port}",
        SHOP_PORT=str(port),
        SHOP_SECRET=spelled(new_secret()),
        SHOP_DB=str(tmp_path / "shop.db"),
    )
    told = json.loads(said.splitlines()[-1])
    assert told == {"available": 3110, "held": 0, "topups": [5000]}


async def test_the_shop_in_sql(db: asyncpg.Connection, database_url: str, tmp_path: Path) -> None:
    page = EXAMPLES / "shop_sql/README.md"
    said = await paste(page, tmp_path, 0, DATABASE_URL=database_url)
    (shown,) = [block.text for block in blocks(page) if block.language == "text"]
    assert said == shown
    assert await db.fetchval("select posted from ledger.wallets where id = 'customer:bob'") == 260
    assert await db.fetchval("select count(*) from ledger.transactions") == 3
