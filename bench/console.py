"""What the console costs: transfers with it, without it, and while somebody looks at it."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
from functools import partial
from typing import Any

import httpx

from bench.harness import KEY, Bench
from tests.support.process import free_port

LOOK_S = 1.0  # between two looks at the overview
PAGES = ("/", "/transactions", "/wallets")


async def measure(bench: Bench, rounds: Any, clients: int) -> dict[str, dict[str, float]]:
    """Two servers over one database take turns, beside a relay of its own: what waits in the outbox
    is counted by the overview."""
    relay = bench.spawn("relay")
    bench.relays = True
    port = free_port()
    bench.environ["ZEROSUM_CONSOLE"] = "off"
    second: subprocess.Popen[bytes] = bench.start("--no-relay", port=port)
    del bench.environ["ZEROSUM_CONSOLE"]
    transfers = partial(bench.transfers, clients, "uniform")
    try:
        found: dict[str, dict[str, float]] = await rounds(
            {
                "transfers, no console": partial(transfers, f"http://127.0.0.1:{port}"),
                "transfers, a console": partial(transfers, bench.base),
                "transfers, a console that is looked at": partial(looked_at, bench, transfers),
            }
        )
    finally:
        for process in (second, relay):
            bench.processes.remove(process)
            process.terminate()
            process.wait(30)
        bench.relays = False
    return found


async def looked_at(bench: Bench, transfers: Any) -> dict[str, float]:
    """Transfers while somebody loads one page of the console after another."""
    looking = asyncio.create_task(look(bench.base))
    try:
        result: dict[str, float] = await transfers(bench.base)
    finally:
        looking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await looking
    return result


async def look(base: str) -> None:
    async with httpx.AsyncClient(base_url=base, follow_redirects=True, timeout=30) as client:
        await client.get("/console/sign-in")
        answer = await client.post("/console/sign-in", data={"key": KEY})
        assert "Overview" in answer.text, answer.status_code
        while True:
            for page in PAGES:
                answer = await client.get(f"/console{page}")
                assert answer.status_code == 200, answer.text
                await asyncio.sleep(LOOK_S)
