"""`zerosum receive`: a person sees what arrives, and whether it is genuine."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
import sys
import time

import httpx

from relay.webhooks.signing import signature, symmetric
from tests.support.process import free_port

SECRET = bytes(range(32))


def headers(body: bytes, secret: bytes) -> dict[str, str]:
    now = int(time.time())
    return {
        "webhook-id": "e1",
        "webhook-timestamp": str(now),
        "webhook-signature": f"v1,AAAA {signature([symmetric(secret)], 'e1', now, body)}",
    }


async def test_it_prints_each_delivery_and_whether_its_signature_holds() -> None:
    port, body = free_port(), json.dumps({"type": "x"}).encode()
    told = f"whsec_{base64.b64encode(SECRET).decode()}"
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "app",
        "receive",
        "--port",
        str(port),
        "--secret",
        told,
        stdout=asyncio.subprocess.PIPE,
        env=dict(os.environ),
    )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
            for _ in range(200):
                try:
                    await client.get("/")
                    break
                except httpx.TransportError:
                    await asyncio.sleep(0.05)
            sent = [headers(body, SECRET), headers(body, bytes(32)), {"webhook-id": "e2"}]
            for one in sent:
                answer = await client.post("/any/path", content=body, headers=one)
                assert answer.status_code == 204
    finally:
        process.send_signal(signal.SIGINT)
        out, _ = await asyncio.wait_for(process.communicate(), 10)
    lines = [line for line in out.decode().splitlines() if line.startswith("e")]
    assert lines == ["e1 signature holds", "e1 SIGNATURE DOES NOT HOLD", "e2 NO TIMESTAMP"]
    assert out.count(body) == 3
