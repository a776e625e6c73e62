"""Jars for the tests, from Maven Central, and where they lie."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def jars(name: str) -> str:
    """The class path of tests/tools/java/NAME/pom.xml, fetched once; skips where there is no Java
    or no Maven."""
    if shutil.which("java") is None:
        pytest.skip("there is no Java here")
    folder = ROOT / ".jars" / name
    done = folder / "done"
    if not done.exists():
        if shutil.which("mvn") is None:
            pytest.skip("there is no Maven here, to fetch jars")
        ran = subprocess.run(
            [
                "mvn",
                "-q",
                "-B",
                "-f",
                str(ROOT / "tests/tools/java" / name / "pom.xml"),
                "dependency:copy-dependencies",
                "-DincludeScope=runtime",
                f"-DoutputDirectory={folder}",
            ],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        if ran.returncode != 0:
            pytest.skip(f"Maven can't fetch the jars: {(ran.stdout + ran.stderr).strip()[-300:]}")
        done.touch()
    return f"{folder}/*"
