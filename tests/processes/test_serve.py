"""The server as a process: what it prints, how it stops, what a kill -9 leaves."""

from __future__ import annotations

import asyncio
import random
import re
import signal
import socket
import struct
import subprocess
from pathlib import Path

import asyncpg
import httpx
import pytest

from app.http.application import STATIC
from tests.support.ledger import verify
from tests.support.process import ServerProcess
from tests.support.until import until


async def test_the_printed_curl_lines_work_and_a_signal_stops_everything(
    server: ServerProcess,
) -> None:
    del server.environ["ZEROSUM_API_KEY"]
    await server.start()
    assert server.process is not None
    assert server.process.stdout is not None
    greeting = ""
    while "/v1/transfers" not in greeting:
        greeting += (await server.process.stdout.readline()).decode()
    lines = [line for line in greeting.splitlines() if line.startswith(("KEY=", "curl "))]
    assert len(lines) == 5
    pasted = await asyncio.to_thread(
        subprocess.run, ["bash", "-c", "\n".join(lines)], capture_output=True, text=True, check=True
    )
    assert re.search(r'"wallet":"bob","amount":250,"balance":250,"version":1', pasted.stdout)
    await server.end(signal.SIGINT)
    assert server.process.returncode == 0
    assert server.postmaster() is None
    # The start that drew the key printed it; later ones say where it is.
    (key,) = re.findall("KEY=(zs_.*)", greeting)
    await server.start()
    again = await server.end()
    assert key not in again
    (line,) = re.findall("^KEY=.*", again, re.MULTILINE)
    shown = subprocess.run(["bash", "-c", f'{line}; echo "$KEY"'], capture_output=True, text=True)  # noqa: ASYNC221
    assert shown.stdout.strip() == key


async def test_requests_in_flight_are_answered_on_sigterm(server: ServerProcess) -> None:
    """They wait at a wallet that another transaction has locked when the signal comes."""
    await server.start()
    conn = await server.connect()
    async with server.client() as client:
        made = {"id": "alice", "asset": "USD"}
        assert (await client.post("/v1/wallets", json=made)).status_code == 201
        holder = conn.transaction()
        await holder.start()
        await conn.fetch("select from ledger.wallets where id = 'alice' for update")
        body = {"wallet": "alice", "amount": 1}
        sending = [asyncio.create_task(client.post("/v1/credits", json=body)) for _ in range(20)]
        async with asyncio.timeout(20):
            while "zerosum_slow_lane_requests 20.0" not in (await client.get("/metrics")).text:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        ending = asyncio.create_task(server.end())
        await asyncio.sleep(0.5)
        assert not any(task.done() for task in (ending, *sending))
        await holder.commit()
        await conn.close()
        answers = await asyncio.gather(*sending)
        assert {answer.status_code for answer in answers} == {201}
        await ending
    assert server.process is not None
    assert server.process.returncode == 0


async def test_a_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        server = ServerProcess(tmp_path, PORT=str(taken.getsockname()[1]))
        with pytest.raises(AssertionError, match=r"zerosum: can't listen on 127\.0\.0\.1 port"):
            await server.start()
    assert not server.data_dir.exists()


async def test_a_database_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    for url in ("postgresql://nobody@127.0.0.1:1/x", "postgresql://x@no.such.host.invalid/x"):
        with pytest.raises(AssertionError, match=r"zerosum: can't connect to DATABASE_URL \("):
            await ServerProcess(tmp_path, url).start()


async def test_a_data_folder_that_can_not_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    server = ServerProcess(tmp_path, ZEROSUM_DATA_DIR=str(tmp_path / "file" / "data"))
    with pytest.raises(AssertionError, match=r"zerosum: ZEROSUM_DATA_DIR .* can't be made"):
        await server.start()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "other").write_text("")
    server = ServerProcess(tmp_path, ZEROSUM_DATA_DIR=str(tmp_path / "full"))
    with pytest.raises(AssertionError, match=r"zerosum: .* is not empty and not a database"):
        await server.start()


async def test_a_postgres_that_may_forget_is_refused_unless_told(
    tmp_path: Path, db: asyncpg.Connection, database_url: str
) -> None:
    name = await db.fetchval("select current_database()")
    await db.execute(f"alter database {name} set synchronous_commit = off")
    with pytest.raises(AssertionError, match=r"zerosum: the Postgres has synchronous_commit off"):
        await ServerProcess(tmp_path, database_url).start()
    server = ServerProcess(tmp_path, database_url, ZEROSUM_ALLOW_UNSAFE="1")
    await server.start()
    assert "may lose what it has acknowledged" in await server.end()


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"ZEROSUM_WAT": "1"}, "ZEROSUM_WAT is not a setting"),
        ({"PORT": "http"}, "PORT is 'http'"),
        ({"ZEROSUM_API_KEY": "secret"}, "ZEROSUM_API_KEY must be zs_"),
        ({"ZEROSUM_WEBHOOK_ALLOW": "10.0.0.1/8"}, "ZEROSUM_WEBHOOK_ALLOW has '10.0.0.1/8'"),
        ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL must begin with"),
    ],
)
async def test_a_bad_setting_stops_the_start_with_a_sentence(
    tmp_path: Path, environ: dict[str, str], sentence: str
) -> None:
    server = ServerProcess(tmp_path, **environ)
    with pytest.raises(AssertionError, match=re.escape(f"zerosum: {sentence}")):
        await server.start()
    assert not server.data_dir.exists()


async def grown(acknowledged: dict[str, int], count: int) -> None:
    """Wait until so many more are acknowledged."""
    wanted = len(acknowledged) + count

    async def enough() -> bool:
        return len(acknowledged) >= wanted

    await until(enough, 60)


async def test_who_waits_for_an_event_is_answered_on_sigterm(server: ServerProcess) -> None:
    await server.start()
    sent = 0

    async def trace(event: str, _: object) -> None:
        nonlocal sent
        sent += event == "http11.send_request_body.complete"

    async def are_sent() -> bool:
        return sent == 5

    async with server.client() as client:
        waits = [
            asyncio.create_task(client.get("/v1/events?wait=20", extensions={"trace": trace}))
            for _ in range(5)
        ]
        await until(are_sent)
        # The server has read what came before this request, which it answers.
        assert (await client.get("/healthz")).status_code == 200
        assert not any(wait.done() for wait in waits)
        async with asyncio.timeout(15):
            said = await server.end()
        answers = await asyncio.gather(*waits)
    assert [answer.json()["data"] for answer in answers] == [[]] * 5
    assert "Traceback" not in said


@pytest.mark.slow
async def test_every_acknowledged_transfer_survives_kill_9(server: ServerProcess) -> None:
    """Server, Postgres and its children are killed under load, three times. Clients retry by key."""
    await server.start()
    names = [f"w{i}" for i in range(20)]
    acknowledged: dict[str, int] = {}
    stop = asyncio.Event()

    async def work(n: int) -> None:
        rnd = random.Random(n)
        for i in range(10**6):
            if stop.is_set():
                return
            source, destination = rnd.sample(names, 2)
            body = {"source": source, "destination": destination, "amount": rnd.randrange(1, 9)}
            key = f"{n}-{i}"
            while key not in acknowledged:
                try:
                    answer = await client.post(
                        "/v1/transfers", json=body, headers={"Idempotency-Key": key}
                    )
                except httpx.TransportError:
                    await asyncio.sleep(0.05)
                    continue
                if answer.status_code == 201:
                    acknowledged[key] = answer.json()["id"]
                else:
                    assert answer.status_code == 503, answer.text
                    await asyncio.sleep(0.05)

    async with server.client() as client:
        for name in names:
            made = {"id": name, "asset": "USD", "min_balance": None}
            assert (await client.post("/v1/wallets", json=made)).status_code == 201
        work_tasks = [asyncio.create_task(work(n)) for n in range(16)]
        for _ in range(3):
            await grown(acknowledged, 200)
            await server.kill_everything()
            await server.start()
        await grown(acknowledged, 200)
        stop.set()
        await asyncio.gather(*work_tasks)
    conn = await server.connect()
    rows = await conn.fetch("select key, id from ledger.transactions")
    assert {row["key"]: row["id"] for row in rows} == acknowledged
    assert await verify(conn) == []
    await conn.close()


async def test_an_answer_comes_in_one_piece(server: ServerProcess) -> None:
    """Head and body are one packet, whatever ends the connection. A larger answer comes whole."""
    await server.start()
    loop = asyncio.get_running_loop()

    async def connect() -> socket.socket:
        sock = socket.socket()
        sock.setblocking(False)
        await loop.sock_connect(sock, ("127.0.0.1", server.port))
        return sock

    with await connect() as sock:
        for _ in range(50):
            await loop.sock_sendall(sock, b"GET /healthz HTTP/1.1\r\nHost: zerosum\r\n\r\n")
            answer = await loop.sock_recv(sock, 65536)
            head, _, body = answer.partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 OK")
            assert f"content-length: {len(body)}".encode() in head
            assert body
        (packets,) = struct.unpack_from(
            "I", sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 160), 152
        )
        assert packets == 50  # tcpi_data_segs_in
        await loop.sock_sendall(
            sock, b"GET /healthz HTTP/1.1\r\nHost: zerosum\r\nConnection: close\r\n\r\n"
        )
        assert (await loop.sock_recv(sock, 65536)).endswith(body)
        assert await loop.sock_recv(sock, 65536) == b""
    with await connect() as sock:
        await loop.sock_sendall(sock, b"what?\r\n\r\n")
        refused = await loop.sock_recv(sock, 65536)
        assert refused.startswith(b"HTTP/1.1 400 ")
        assert b'"code": "malformed_request"' in refused
        assert await loop.sock_recv(sock, 65536) == b""
    large = await asyncio.to_thread((STATIC / "swagger-ui/swagger-ui-bundle.js").read_bytes)
    async with server.client() as client:
        assert (await client.get("/docs/swagger-ui-bundle.js")).content == large
