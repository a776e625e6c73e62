"""Through PgBouncer in transaction mode, with and without a direct URL."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from tests.support.process import ServerProcess, free_port
from tests.support.receiver import Receiver
from tests.support.rooms import let_in

PGBOUNCER = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
SETTINGS = """
[databases]
* = host={host} port={port} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 3
max_client_conn = 100
logfile = {room}/pgbouncer.log
pidfile = {room}/pgbouncer.pid
"""


@pytest.fixture
async def bouncer(tmp_path: Path, database_url: str) -> AsyncIterator[str]:
    """A URL of the test's database through PgBouncer."""
    if not Path(PGBOUNCER).exists():  # noqa: ASYNC240
        pytest.skip("pgbouncer is not installed")
    parts = urlsplit(database_url)
    host = unquote(parse_qs(parts.query)["host"][0])
    listen = free_port()
    settings = tmp_path / "pgbouncer.ini"
    settings.write_text(
        SETTINGS.format(host=host, port=parts.port or 5432, listen=listen, room=tmp_path)
    )
    let_in(tmp_path)
    # PgBouncer refuses to run as root, and must reach the socket.
    as_user = ["-u", Path(host).owner()] if os.geteuid() == 0 else []  # noqa: ASYNC240
    process = await asyncio.create_subprocess_exec(PGBOUNCER, "-q", *as_user, settings)
    for _ in range(200):
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", listen)
            writer.close()
            break
        await asyncio.sleep(0.02)
    yield f"postgresql://postgres@127.0.0.1:{listen}{parts.path}"
    process.terminate()
    await process.wait()


@pytest.mark.parametrize("direct", [pytest.param(False, marks=pytest.mark.slow), True])
async def test_money_moves_and_webhooks_arrive(
    tmp_path: Path, bouncer: str, database_url: str, receiver: Receiver, direct: bool
) -> None:
    """Without a direct URL it says once that notifications don't arrive, and polls."""
    environ = {"DATABASE_DIRECT_URL": database_url} if direct else {}
    said = ""
    server = ServerProcess(tmp_path, bouncer, **environ)
    await server.start()
    async with server.client() as client:
        for name in ("alice", "bob"):
            made = {"id": name, "asset": "USD", "min_balance": None}
            assert (await client.post("/v1/wallets", json=made)).status_code == 201
        assert (await client.post("/v1/webhooks", json={"url": receiver.url})).status_code == 201
        body = {"source": "alice", "destination": "bob", "amount": 1}
        answers = await asyncio.gather(
            *(
                client.post("/v1/transfers", json=body, headers={"Idempotency-Key": f"k{n % 50}"})
                for n in range(100)
            )
        )
        assert {answer.status_code for answer in answers} == {201}
        assert (await client.get("/v1/wallets/bob")).json()["posted"] == 50
        await receiver.until(50)
        if not direct:
            said = await server.printed("notifications don't arrive")
        assert (await client.get("/v1/transactions")).status_code == 200
    said += await server.end()
    assert said.count("notifications don't arrive") == (0 if direct else 1)
    assert "Traceback" not in said
