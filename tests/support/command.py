"""The command `zerosum`, as a process of its own."""

from __future__ import annotations

import asyncio
import os
import sys

from tests.support.log_key import LOG_KEY


def environment(url: str) -> dict[str, str]:
    """Return the environment of a command that works on this database."""
    return {**os.environ, "DATABASE_URL": url, "ZEROSUM_LOG_ORIGIN": LOG_KEY.origin}


async def begin(url: str, *arguments: str, **settings: str) -> asyncio.subprocess.Process:
    """Return it as it runs, its output in pipes. settings: of the environment."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "app",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**environment(url), **settings},
    )


async def run(url: str, *arguments: str, **settings: str) -> tuple[int | None, str, str]:
    """Return its exit code, standard output and standard error. settings: of the environment."""
    process = await begin(url, *arguments, **settings)
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


async def zerosum(url: str, *arguments: str) -> tuple[int | None, str]:
    """Return its exit code, and all that it printed."""
    code, out, err = await run(url, *arguments)
    return code, out + err
