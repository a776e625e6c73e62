"""Where tests keep what is thrown away after them."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")
ENOUGH = 4 << 30


def quick_root() -> Path:
    """Return a file system in memory if there is one with room, else that of other temporary files.

    A database is a thousand files. On a disk they take a quarter of a second, and there are
    hundreds of tests.
    """
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= ENOUGH:
        return MEMORY
    return Path(tempfile.gettempdir())


def let_in(room: Path) -> None:
    """Let servers that run as another user reach the folder, and write there."""
    room.chmod(0o777)
    for parent in room.parents:
        if parent.stat().st_mode & 0o001:
            break
        parent.chmod(0o755)
