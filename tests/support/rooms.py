"""Where tests keep what is thrown away after them."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")
ENOUGH = 4 << 30


def quick_root() -> Path:
    """A file system in memory if there is one with room, else that of other temporary files.

    A database is a thousand files: made on a disk, it takes a quarter of a second, and there are hundreds of tests.
    """
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= ENOUGH:
        return MEMORY
    return Path(tempfile.gettempdir())


def let_in(room: Path) -> None:
    """So that servers that run as another user reach it, and may write there."""
    room.chmod(0o777)
    for parent in room.parents:
        if parent.stat().st_mode & 0o001:
            break
        parent.chmod(0o755)
