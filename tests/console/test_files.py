"""What is vendored is what its README says."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from app.console.view import HERE

VENDOR = HERE / "static/vendor"
LINE = re.compile(r"^(\S+) +\S+ [0-9.]+ .*\((\S+)\)\n  sha256 ([0-9a-f]{64})$", re.MULTILINE)


def test_vendored_files_are_unchanged_and_licensed() -> None:
    told = LINE.findall((VENDOR / "README").read_text())
    assert {name for name, _, _ in told} == {
        path.name for path in VENDOR.iterdir() if path.suffix in {".js", ".css"}
    }
    for name, licence, digest in told:
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest, name
        assert (VENDOR / licence).read_text().strip()


def test_pages_have_no_script_and_no_style_of_their_own() -> None:
    """The policy would stop them."""
    for template in Path(HERE / "templates").iterdir():
        text = template.read_text()
        assert not re.search(r"<style|\sstyle=|<script>|\son[a-z]+=|javascript:|\| ?safe", text), (
            template
        )
