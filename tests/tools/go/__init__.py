"""The Go program that checks a log with implementations that are not ours."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent / "checker"


def build_checker(folder: Path) -> Path:
    """Skips where there is no Go, or its modules can't be had."""
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if go is None:
        pytest.skip("there is no Go here")
    made = folder / "checker"
    ran = subprocess.run(
        [go, "build", "-o", str(made), "."],
        cwd=SOURCE,
        env={**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly -buildvcs=false"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if ran.returncode != 0 and "dial tcp" in ran.stderr:
        pytest.skip("Go can't fetch its modules here")
    assert ran.returncode == 0, ran.stderr
    return made
