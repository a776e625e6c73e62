"""What is generated is as the API is: a client can't lag behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from clients.generate.__main__ import files

FILES = files()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_what_is_generated_is_up_to_date(path: Path) -> None:
    assert path.read_text() == FILES[path], "make clients"
