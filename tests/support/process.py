"""A real server process, started as a person would, that can be stopped, killed and started again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from pathlib import Path

import asyncpg
import httpx

from app.database.connections import connect
from tests.support.api import KEY


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port: int = s.getsockname()[1]
        return port


class ServerProcess:
    """`python -m app serve` with its own embedded Postgres in `room`, or over `database_url`."""

    def __init__(self, room: Path, database_url: str = "", **environ: str) -> None:
        room.chmod(0o755)
        self.data_dir = room / "data"
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.process: Process | None = None
        self.cwd: Path | None = None
        self.environ = {
            **{
                name: value for name, value in os.environ.items() if not name.startswith("ZEROSUM_")
            },
            "DATABASE_URL": database_url,
            "PORT": str(self.port),
            "ZEROSUM_API_KEY": KEY,
            "ZEROSUM_DATA_DIR": str(self.data_dir),
            "ZEROSUM_WEBHOOK_ALLOW": "127.0.0.0/8",
            **environ,
        }

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=self.base, headers={"Authorization": f"Bearer {KEY}"}, timeout=30
        )

    async def start(self, *command: str) -> None:
        """Return when it is ready, within 60 s. One process at a time: a second one would share the
        first one's port, and nobody could end both."""
        assert self.process is None or self.process.returncode is not None, "it runs already"
        self.process = await asyncio.create_subprocess_exec(
            *(command or (sys.executable, "-m", "app", "serve")),
            stdout=PIPE,
            stderr=STDOUT,
            env=self.environ,
            cwd=self.cwd,
            start_new_session=True,
        )
        async with asyncio.timeout(60), httpx.AsyncClient() as client:
            while True:
                assert self.process.returncode is None, await self.output()
                try:
                    if (await client.get(f"{self.base}/readyz")).status_code == 200:
                        return
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.02)

    async def end(self, sig: signal.Signals = signal.SIGTERM) -> str:
        """Send the signal to the process group; return what it printed, once it has ended."""
        assert self.process is not None
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):  # It has ended, and nobody knows yet.
                os.killpg(self.process.pid, sig)
        async with asyncio.timeout(60):
            return await self.output()

    async def printed(self, text: str) -> str:
        """Return what it has printed, up to a line that has this text, once there is one, within 60
        s."""
        assert self.process is not None
        assert self.process.stdout is not None
        told = ""
        async with asyncio.timeout(60):
            while text not in told:
                line = await self.process.stdout.readline()
                assert line, told
                told += line.decode()
        return told

    async def output(self) -> str:
        assert self.process is not None
        out, _ = await self.process.communicate()
        return out.decode()

    async def connect(self) -> asyncpg.Connection:
        """Connect to the embedded Postgres itself."""
        return await connect(f"postgresql://postgres@/postgres?host={self.data_dir}")

    def postmaster(self) -> int | None:
        """Return the embedded Postgres's process id, if it runs."""
        try:
            pid = int((self.data_dir / "postmaster.pid").read_text().split()[0])
            os.kill(pid, 0)
        except (OSError, ValueError, IndexError):
            return None
        return pid

    def children(self, pid: int) -> list[int]:
        return [int(c) for c in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    async def kill_everything(self) -> None:
        """kill -9 of the server, the embedded Postgres and all its children."""
        postmaster = self.postmaster()
        assert postmaster is not None
        children = self.children(postmaster)
        await self.end(signal.SIGKILL)
        for pid in (postmaster, *children):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
