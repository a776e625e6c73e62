"""Ledgers move between nodes, and nodes die, while clients pay: nothing is lost or done twice."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.citus.payers import Payers, check, served, status
from tests.support.citus import Cluster
from tests.support.command import begin, zerosum
from tests.support.receiver import Receiver
from tests.support.until import until


async def test_ledgers_move_while_they_are_used(
    cluster: Cluster, scaled_url: str, tmp_path: Path, receiver: Receiver
) -> None:
    server, keys = await served(scaled_url, tmp_path)
    nodes = [f"127.0.0.1:{node.port}" for node in cluster.workers]
    async with Payers(server, keys) as payers:
        await payers.send("main", "webhooks", {"url": receiver.url})
        for _ in range(2):  # There and back.
            here = (await status(scaled_url))["main"]
            target = next(node for node in nodes if node != here)
            code, told = await zerosum(scaled_url, "scale", "move", "main", target)
            assert code == 0, told
            assert (await status(scaled_url))["main"] == target
            await payers.more(20)
        code, told = await zerosum(scaled_url, "scale", "drain", nodes[0])
        assert code == 0, told
        assert set((await status(scaled_url)).values()) == {nodes[1]}
        await payers.more(20)
    assert set(payers.answers) == {"201"}

    async def arrived() -> bool:
        got = {one.event["data"].get("id") for one in receiver.got}
        return set(payers.posted["main"].values()) <= got

    await until(arrived)
    await server.end()
    await check(scaled_url, payers)


async def test_a_worker_dies_and_comes_back(
    cluster: Cluster, scaled_url: str, tmp_path: Path
) -> None:
    server, keys = await served(scaled_url, tmp_path)
    async with Payers(server, keys) as payers:
        for worker in cluster.workers:
            await payers.more(20)
            await asyncio.to_thread(worker.kill)
            await asyncio.sleep(1)
            await asyncio.to_thread(worker.start)
            await payers.more(20)
    await server.end()
    await check(scaled_url, payers)


@pytest.mark.parametrize("node", ["nobody:5432", "127.0.0.1:1"])
async def test_what_is_no_worker_gets_no_ledger(scaled_url: str, node: str) -> None:
    code, told = await zerosum(scaled_url, "scale", "move", "main", node)
    assert code == 1
    assert told in {
        f"Error: there is no worker {node}: zerosum scale status\n",
        "Error: there is no ledger main\n",
    }


async def test_a_move_that_dies_is_made_again(
    cluster: Cluster, scaled_url: str, tmp_path: Path
) -> None:
    """The ledger is where it was or where it should be, and another move ends the work."""
    server, keys = await served(scaled_url, tmp_path)
    nodes = [f"127.0.0.1:{node.port}" for node in cluster.workers]
    async with Payers(server, keys) as payers:
        for seconds in (0.7, 1.2, 1.7):
            here = (await status(scaled_url))["main"]
            target = next(node for node in nodes if node != here)
            command = await begin(scaled_url, "scale", "move", "main", target)
            await asyncio.sleep(seconds)
            if command.returncode is None:
                command.kill()
            await command.wait()
            assert (await status(scaled_url))["main"] in nodes
            await payers.more(20)
            code, told = await zerosum(scaled_url, "scale", "move", "main", target)
            assert code == 0, told
            assert (await status(scaled_url))["main"] == target
            await payers.more(20)
    assert set(payers.answers) == {"201"}
    await server.end()
    await check(scaled_url, payers)
