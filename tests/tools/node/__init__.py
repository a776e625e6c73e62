"""Tools for the tests from npm, and where they lie."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
NODE = ROOT / ".node"
OLDEST = 20


def tool(name: str) -> Path:
    """A program of tests/tools/node/package.json, fetched once; skips without Node.js 20 or newer."""
    if shutil.which("npm") is None or major() < OLDEST:
        pytest.skip(f"there is no Node.js {OLDEST} here")
    found = NODE / "node_modules/.bin" / name
    if not found.exists():
        NODE.mkdir(exist_ok=True)
        for file in ("package.json", "package-lock.json"):
            shutil.copy(ROOT / "tests/tools/node" / file, NODE)
        ran = subprocess.run(
            ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=NODE,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        if ran.returncode != 0:
            pytest.skip(f"npm can't fetch {name}: {ran.stderr.strip()[-300:]}")
    return found


def major() -> int:
    told = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)
    return int(told.stdout.strip().removeprefix("v").partition(".")[0])
