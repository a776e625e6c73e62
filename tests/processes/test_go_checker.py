"""The log as Go's sumdb packages and transparency-dev/merkle check it, over a real server's
sockets."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx

from tests.support.api import KEY
from tests.support.log_key import LOG_KEY, VKEY
from tests.support.process import ServerProcess
from tests.tools.go import build_checker


async def run(checker: Path, base: str, vkey: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        str(checker),
        f"{base}/v1/proof",
        vkey,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={"KEY": KEY},
    )
    async with asyncio.timeout(60):
        out, _ = await process.communicate()
    return process.returncode, out.decode()


async def until_stamped(client: httpx.AsyncClient, size: int) -> None:
    for _ in range(600):
        if (await client.get("/v1/proof")).json()["log"]["size"] == size:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{size} events were not stamped")


async def test_others_implementations_agree(
    server: ServerProcess, tmp_path: Path, database_url: str
) -> None:
    checker = await asyncio.to_thread(build_checker, tmp_path)
    server.environ |= {
        "DATABASE_URL": database_url,
        "ZEROSUM_LOG_KEY": LOG_KEY.private.private_bytes_raw().hex(),
        "ZEROSUM_LOG_ORIGIN": LOG_KEY.origin,
    }
    await server.start()
    async with server.client() as client:
        await client.post("/v1/wallets", json={"id": "alice", "asset": "USD"})
        posting = {"source": "@world", "destination": "alice", "amount": 1}
        for count, size in ((5, 5), (252, 257), (600, 857)):
            items = [{"postings": [posting], "description": "ä"}] * count
            answer = await client.post("/v1/transactions/batch", json={"transactions": items})
            assert answer.status_code == 200
            await until_stamped(client, size)
            code, said = await run(checker, server.base, VKEY)
            assert code == 0, said
            assert said.startswith(f"checkpoint {size}\nrecords {size}\nproofs ")
    wrong = VKEY[:-4] + ("AAA=" if VKEY[-4:] != "AAA=" else "BBB=")
    for vkey in (wrong, LOG_KEY.vkey("test")):
        code, said = await run(checker, server.base, vkey)
        assert code == 1, said
