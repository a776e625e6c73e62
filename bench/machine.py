"""Where and of what a run of the bench was."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

HERE = Path(__file__).parents[1]


async def described(conn: asyncpg.Connection, seconds: float) -> dict[str, str]:
    """Return what figures can't be read without, as words."""
    postgres = str(await conn.fetchval("show server_version"))
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": commit(),
        "processor": f"{os.cpu_count()} cores, {processor()}",
        "memory": f"{memory_gib():.0f} GiB",
        "PostgreSQL": postgres.partition(" ")[0],
        "Python": platform.python_version(),
        "run of load": f"{seconds:g} s",
    }


def commit() -> str:
    """Return the commit that was measured, with a + if files differ from it."""
    git = ["git", "-C", str(HERE), "describe", "--always", "--dirty=+", "--exclude=*"]
    try:
        return subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return " ".join(line.partition(":")[2].split())
    return platform.machine()


def memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
