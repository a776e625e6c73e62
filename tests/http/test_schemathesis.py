"""schemathesis over the whole OpenAPI: no server error, no undocumented answer, over a real socket."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from tests.support.api import KEY
from tests.support.process import ServerProcess

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


# Requests that wait for an event would take up to 20 s each.
CONFIG = """
[[operations]]
include-operation-id = "list_events"
parameters = { "query.wait" = 0 }
"""


@pytest.mark.slow
@pytest.mark.parametrize("phases", ["examples,coverage", "fuzzing"])
async def test_nothing_undocumented_comes_back(
    tmp_path: Path, database_url: str, phases: str
) -> None:
    server = ServerProcess(tmp_path, database_url, ZEROSUM_LOG_REQUESTS="0")
    await server.start()
    async with server.client() as client:
        for number in range(3):
            made = {"id": str(number), "asset": "USD", "min_balance": None}
            assert (await client.post("/v1/wallets", json=made)).status_code == 201
            credit = {"wallet": str(number), "amount": 100}
            assert (await client.post("/v1/credits", json=credit)).status_code == 201
    (tmp_path / "schemathesis.toml").write_text(CONFIG)
    try:
        process = await asyncio.create_subprocess_exec(
            Path(sys.executable).with_name("st"),
            "run",
            f"{server.base}/openapi.json",
            "--header",
            f"Authorization: Bearer {KEY}",
            "--checks",
            CHECKS,
            "--seed",
            "1",
            "--max-examples",
            "25",
            "--phases",
            phases,
            "--no-color",
            # It would revoke the key that the other tests use; it has tests of its own.
            "--exclude-operation-id",
            "revoke_key",
            # Its answers don't end.
            "--exclude-operation-id",
            "stream_events",
            # They may wait for 20 s each: `wait` is in the body.
            "--exclude-operation-id",
            "lease_page",
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=tmp_path,
        )
        async with asyncio.timeout(280):
            out, _ = await process.communicate()
    finally:
        said = await server.end()
    assert "Authentication failed" not in out.decode()
    assert process.returncode == 0, out.decode()[-12000:] + said[-2000:]
