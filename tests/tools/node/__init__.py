"""Tools for the tests from npm, and where they lie."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
NODE = ROOT / ".node"
PINS = ("package.json", "package-lock.json")
OLDEST = 20


def tool(name: str) -> Path:
    """A program of tests/tools/node/package.json; skips without Node.js 20 or newer."""
    return modules() / ".bin" / name


def modules() -> Path:
    """The packages of tests/tools/node/package.json, fetched once; skips without Node.js 20 or
    newer."""
    if shutil.which("npm") is None or major() < OLDEST:
        pytest.skip(f"there is no Node.js {OLDEST} here")
    NODE.mkdir(exist_ok=True)
    found = NODE / "node_modules"
    with (NODE / "lock").open("w") as lock:
        # Two processes of tests may want them at once.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not found.exists() or any(pin(NODE, name) != pin(HERE, name) for name in PINS):
            fetch()
    return found


HERE = ROOT / "tests/tools/node"


def pin(folder: Path, name: str) -> bytes:
    path = folder / name
    return path.read_bytes() if path.exists() else b""


def fetch() -> None:
    for name in PINS:
        shutil.copy(HERE / name, NODE)
    ran = subprocess.run(
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=NODE,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if ran.returncode != 0:
        (NODE / PINS[0]).unlink()
        pytest.skip(f"npm can't fetch what tests need: {ran.stderr.strip()[-300:]}")


def major() -> int:
    told = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)
    return int(told.stdout.strip().removeprefix("v").partition(".")[0])
