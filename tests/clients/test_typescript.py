"""The TypeScript client: the compiler takes it, and it works against a running server."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import pytest

from clients.generate.__main__ import TYPESCRIPT
from tests.support.api import KEY
from tests.support.process import ServerProcess
from tests.tools.node import tool

pytestmark = [pytest.mark.once, pytest.mark.slow]

CONTRACT = Path(__file__).parent / "contract.mjs"


async def run(*command: str | Path, cwd: Path) -> str:
    process = await asyncio.create_subprocess_exec(
        *command, cwd=cwd, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    out, _ = await process.communicate()
    assert process.returncode == 0, out.decode()
    return out.decode()


async def test_it_compiles_and_keeps_the_contract(
    running_server: ServerProcess, tmp_path: Path
) -> None:
    compiler = await asyncio.to_thread(tool, "tsc")
    folder = await asyncio.to_thread(shutil.copytree, TYPESCRIPT.parent, tmp_path / "client")
    await run(compiler, "--project", folder, cwd=folder)
    assert {path.suffix for path in (folder / "dist").iterdir()} == {".js", ".ts"}
    told = await run(
        "node", CONTRACT, folder / "dist/index.js", running_server.base, KEY, cwd=folder
    )
    assert json.loads(told)["seqs"] == [1, 2, 4]  # 3 is a hold's
