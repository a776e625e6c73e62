"""Several server processes that listen on one socket, for machines with more cores than one process
fills.

The parent binds the socket, starts the workers, and starts again those that end. Each worker is
`zerosum serve` with connections and a group commit of its own; the first has the relay. A socket
pair ties each worker to the parent: over it the worker says that it is ready, and by its end it
learns that the parent is gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from asyncio.subprocess import Process

from app.http.server import bind
from app.logs import set_up_logs
from app.settings import Settings

READY = b"r"
PAUSE_S = 1.0  # before a worker that has ended is started again

log = logging.getLogger("zerosum")


def serve_workers(settings: Settings, count: int, options: list[str]) -> None:
    """Run so many workers until a signal. options: further options of `zerosum serve`, for the
    worker that has the relay.

    Raises BadSetting, and SystemExit with the first worker's code if that ends before it is ready.
    """
    set_up_logs()
    with bind(settings.host, settings.port, "PORT") as listening:
        asyncio.run(Workers(settings, listening, options).run(count))


class Workers:
    def __init__(self, settings: Settings, listening: socket.socket, options: list[str]) -> None:
        self.settings, self.listening, self.options = settings, listening, options
        self.running: set[Process] = set()
        self.stopping = asyncio.Event()

    async def run(self, count: int) -> None:
        loop = asyncio.get_running_loop()
        for sig in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(sig, self.stop)
        # The first worker migrates and greets; the others would only wait for it.
        process, link = await self.start(1)
        started = await ready(link)
        if self.stopping.is_set():
            await process.wait()
            return
        if not started:
            raise SystemExit(await process.wait())
        async with asyncio.TaskGroup() as group:
            group.create_task(self.keep(1, process, link))
            for number in range(2, count + 1):
                group.create_task(self.keep(number, *await self.start(number)))

    def stop(self) -> None:
        self.stopping.set()
        for process in self.running:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)

    async def start(self, number: int) -> tuple[Process, socket.socket]:
        """Start a worker. Returns it, and our end of its socket pair."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        options = self.options if number == 1 else ["--no-relay", "--quiet"]
        environ = {**os.environ, "WEB_CONCURRENCY": "1"}
        if self.settings.metrics_port is not None:
            environ["ZEROSUM_METRICS_PORT"] = str(self.settings.metrics_port + number - 1)
        with theirs:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "app",
                "serve",
                *options,
                "--listening",
                str(self.listening.fileno()),
                "--parent",
                str(theirs.fileno()),
                pass_fds=(self.listening.fileno(), theirs.fileno()),
                env=environ,
            )
        self.running.add(process)
        if self.stopping.is_set():
            self.stop()
        return process, ours

    async def keep(self, number: int, process: Process, link: socket.socket) -> None:
        """Start the worker again whenever it ends, until we stop."""
        while True:
            code = await process.wait()
            link.close()
            self.running.discard(process)
            if not self.stopping.is_set():
                log.error("worker %d ended with code %d and is started again", number, code)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.stopping.wait(), PAUSE_S)
            if self.stopping.is_set():
                return
            process, link = await self.start(number)


async def ready(link: socket.socket) -> bool:
    """Return whether the worker has said that it is ready; it has ended if not."""
    return await asyncio.get_running_loop().sock_recv(link, 1) == READY


class Parent:
    """A worker's end of the socket pair."""

    def __init__(self, fileno: int) -> None:
        self.link = socket.socket(fileno=fileno)
        self.link.setblocking(False)

    def say_ready(self) -> None:
        with contextlib.suppress(OSError):
            self.link.send(READY)

    async def gone(self) -> None:
        """Return when the parent has ended, however it did."""
        with contextlib.suppress(OSError):
            await asyncio.get_running_loop().sock_recv(self.link, 1)
