"""Nobody reads the logs: the service goes on, and says later how many lines were lost."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from app.log_writer import MAX_WAITING, LogWriter
from tests.support.process import ServerProcess
from tests.support.until import until


def test_what_nobody_reads_is_dropped_and_counted() -> None:
    reading, writing = os.pipe()
    writer = LogWriter(writing)
    line = json.dumps({"message": "x" * 1000}) + "\n"
    count = 2 * MAX_WAITING // len(line)
    for _ in range(count):
        writer.write(line)
    with os.fdopen(reading) as file, ThreadPoolExecutor(1) as pool:
        everything = pool.submit(file.readlines)
        while writer.waiting:
            writer.close()
        writer.write("the last one\n")
        writer.close()
        os.close(writing)
        *found, last = everything.result()
    assert last == "the last one\n"
    messages = [json.loads(gap)["message"] for gap in found if gap != line]
    assert all("log lines were dropped here" in message for message in messages)
    dropped = sum(int(message.split()[0]) for message in messages)
    assert dropped > 0
    assert found.count(line) + dropped == count


def test_a_reader_that_is_gone_fails_nobody() -> None:
    reading, writing = os.pipe()
    writer = LogWriter(writing)
    os.close(reading)
    writer.write("a\n")
    writer.close()
    assert not writer.waiting
    os.close(writing)


async def test_a_server_goes_on_and_ends_when_its_pipe_is_full(
    tmp_path: Path, database_url: str
) -> None:
    server = ServerProcess(tmp_path, database_url)
    await server.start()
    async with server.client() as client, asyncio.timeout(60):
        for _ in range(2000):  # The pipe and the reader before it take some 1,000 lines.
            assert (await client.get("/v1/wallets")).status_code == 200
    assert server.process is not None
    server.process.send_signal(signal.SIGTERM)
    await until(lambda: has_ended(server), 10)
    await server.end()


async def test_a_server_without_standard_error_serves(tmp_path: Path, database_url: str) -> None:
    server = ServerProcess(tmp_path, database_url)
    await server.start("sh", "-c", f"exec {sys.executable} -m app serve 2>&-")
    async with server.client() as client:
        assert (await client.get("/v1/wallets")).status_code == 200
    await server.end()


async def has_ended(server: ServerProcess) -> bool:
    """(Process.wait() would wait for the pipe too.)"""
    return server.process is None or server.process.returncode is not None
