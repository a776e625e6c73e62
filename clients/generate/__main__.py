"""`make clients`: write what of the clients is generated."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from app.http.openapi import document
from clients.generate import python, typescript

PYTHON = Path(__file__).parents[1] / "python/zerosum_client"
TYPESCRIPT = Path(__file__).parents[1] / "typescript/src"


def files() -> dict[Path, str]:
    """Return the text of each generated file."""
    made = document()
    return {
        **{PYTHON / name: formatted(text) for name, text in python.modules(made).items()},
        **{TYPESCRIPT / name: text for name, text in typescript.modules(made).items()},
    }


def formatted(text: str) -> str:
    """Return Python's text as ruff formats it."""
    ran = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--line-length", "100", "-"],
        input=text,
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout


if __name__ == "__main__":
    for path, text in files().items():
        path.write_text(text)
