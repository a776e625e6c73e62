"""The fenced blocks of a page, and how a reader's terminal runs them."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FENCE = re.compile(
    r"(?:^<!-- (?P<note>[^\n]*) -->\n)?^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.M | re.S
)
RUN = {"sh", "sql"}  # those that tests/docs/test_blocks.py runs
CHECKED = {"python", "javascript", "go", "ruby", "php"}  # those that test_verify_webhooks.py runs
SHOWN = {"json", "text", "console"}  # console: commands that need an account elsewhere, or Docker


@dataclass(frozen=True)
class Block:
    """note: the comment above it: `not run: WHY`, or `run in the background`."""

    language: str
    text: str
    note: str

    @property
    def runs(self) -> bool:
        return self.language in RUN and not self.note.startswith("not run: ")


def blocks(page: Path) -> list[Block]:
    text = re.sub(r"<!-- generated.*?<!-- end -->", "", page.read_text(), flags=re.S)
    return [
        Block(found["language"], found["text"], found["note"] or "")
        for found in FENCE.finditer(text)
    ]


class Terminal:
    """A shell in a folder like a fresh clone, with `.venv/bin/zerosum` and `docs/`. ports: for 8000
    and 9000."""

    def __init__(self, folder: Path, ports: dict[int, int], **environ: str) -> None:
        self.folder, self.ports = folder, ports
        binaries = folder / ".venv/bin"
        binaries.mkdir(parents=True)
        command = binaries / "zerosum"
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m app "$@"\n')
        command.chmod(0o755)
        (folder / "docs").symlink_to(ROOT / "docs")
        ours = {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        self.environ = {**os.environ, **ours, **environ}
        self.background: list[asyncio.subprocess.Process] = []

    def here(self, text: str) -> str:
        """The text with this test's ports."""
        for port, mine in self.ports.items():
            text = text.replace(f"127.0.0.1:{port}", f"127.0.0.1:{mine}")
        return text.replace("zerosum receive", f"zerosum receive --port {self.ports[9000]}")

    async def run(self, text: str) -> str:
        """What it prints; fails if a line does."""
        process = await self.start(text)
        out, _ = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == 0, out.decode()
        return out.decode()

    async def start(self, text: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            "bash",
            "-euo",
            "pipefail",
            "-c",
            self.here(text),
            cwd=self.folder,
            env=self.environ,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )

    async def run_in_background(self, text: str) -> None:
        self.background.append(await self.start(f"exec {text}"))

    async def until(self, text: str) -> None:
        """Wait until each of those in the background has printed this."""
        for process in self.background:
            assert process.stdout is not None
            async with asyncio.timeout(30):
                while text not in (await process.stdout.readline()).decode():
                    assert not process.stdout.at_eof(), process

    async def end(self) -> None:
        for process in self.background:
            process.terminate()
            await asyncio.wait_for(process.communicate(), 30)
