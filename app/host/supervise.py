"""Work that runs beside the server for as long as it serves."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Coroutine

RESTART_S = 1

log = logging.getLogger("zerosum")


@contextlib.asynccontextmanager
async def running(work: Callable[[], Coroutine[None, None, None]]) -> AsyncIterator[None]:
    """Run a task for as long as the block runs. If it fails, log that and start it again."""
    task = asyncio.create_task(keep_running(work))
    try:
        yield
    finally:
        task.cancel()
        # (To suppress what the task raises would suppress a cancellation of the caller too.)
        await asyncio.wait([task])


async def keep_running(work: Callable[[], Coroutine[None, None, None]]) -> None:
    while True:
        try:
            await work()
        except Exception:
            log.exception("%s failed and is started again", work.__qualname__)
            await asyncio.sleep(RESTART_S)
