"""Work beside the server is ended with it, and started again when it fails."""

from __future__ import annotations

import asyncio

import pytest

from app.host import supervise
from app.host.supervise import running
from tests.support.until import until


async def test_who_is_cancelled_while_the_work_ends_is_cancelled() -> None:
    """Else a task that starts such work again and again could not be ended."""
    ending = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            ending.set()
            await asyncio.sleep(0.1)

    async def beside() -> None:
        async with running(work):
            await asyncio.sleep(0)

    task = asyncio.create_task(beside())
    await ending.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert task.cancelled()


async def test_what_fails_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervise, "RESTART_S", 0.01)
    runs = 0

    async def work() -> None:
        nonlocal runs
        runs += 1
        if runs < 3:
            raise ValueError
        await asyncio.sleep(3600)

    async def has_run() -> bool:
        return runs == 3

    async with running(work):
        await until(has_run, 5)
