"""The consumers of the guide, in Python and JavaScript, take real deliveries that come twice and in
any order, and end with the server's balances."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from tests.docs.blocks import ROOT, blocks
from tests.support.api import KEY
from tests.support.process import ServerProcess, free_port
from tests.support.until import until
from tests.tools.node import modules

GUIDE = ROOT / "docs/guides/receive.md"
# At the end the program tells what it has.
TELL = """
process.on("SIGTERM", () => {
  const told = [...balances].map(([wallet, entry]) => [wallet, entry.balance]);
  console.log(JSON.stringify(Object.fromEntries(told)));
  process.exit(0);
});
"""


class Consumer:
    """A program of the guide, in a folder of its own."""

    def __init__(self, room: Path, language: str) -> None:
        self.room, self.language, self.port = room, language, free_port()
        texts = [block.text for block in blocks(GUIDE) if block.language == language]
        if language == "python":
            for name, text in zip(("consumer.py", "receiver.py"), texts, strict=True):
                (room / name).write_text(text)
            self.command = [sys.executable, "receiver.py"]
        else:
            (room / "receiver.js").write_text(texts[0] + TELL)
            (room / "node_modules").symlink_to(modules())
            self.command = ["node", "receiver.js"]
        self.process: Process | None = None

    async def start(self, secret: str) -> None:
        environ = {**os.environ, "WEBHOOK_SECRET": secret, "PORT": str(self.port)}
        self.process = await asyncio.create_subprocess_exec(
            *self.command, cwd=self.room, env=environ, stdout=PIPE, stderr=PIPE
        )
        await until(self.listens)

    async def listens(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        return True

    async def end(self) -> str:
        if self.process is None or self.process.returncode is not None:
            return ""
        self.process.send_signal(signal.SIGTERM)
        out, _ = await self.process.communicate()
        return out.decode()

    async def balances(self) -> dict[str, int]:
        """What it knows, once it has ended."""
        told = await self.end()
        if self.language == "javascript":
            found: dict[str, int] = json.loads(told)
            return found
        with sqlite3.connect(self.room / "consumer.db") as db:
            return dict(db.execute("select wallet, balance from balances"))


@pytest.fixture(params=["python", "javascript"])
def consumer(request: pytest.FixtureRequest, tmp_path: Path) -> Consumer:
    room = tmp_path / "consumer"
    room.mkdir()
    return Consumer(room, request.param)


async def post(client: httpx.AsyncClient, path: str, body: Any) -> Any:
    answer = await client.post(path, json=body)
    assert answer.status_code < 300, answer.text
    return answer.json()


@pytest.mark.slow
async def test_the_consumers_end_with_the_servers_balances(
    consumer: Consumer, tmp_path: Path, database_url: str, db: asyncpg.Connection
) -> None:
    server = ServerProcess(tmp_path, database_url)
    await server.start()
    try:
        async with server.client() as client:
            for name in ("alice", "bob"):
                await post(client, "/v1/wallets", {"id": name, "asset": "USD"})
            url = f"http://127.0.0.1:{consumer.port}/"
            made = await post(client, "/v1/webhooks", {"url": url, "concurrency": 16})
            await consumer.start(made["secret"])
            await post(client, "/v1/credits", {"wallet": "alice", "amount": 1000})
            for n in range(30):
                pair = ("alice", "bob") if n % 3 else ("bob", "alice")
                body = {"source": pair[0], "destination": pair[1], "amount": 2 if n % 3 else 1}
                await client.post("/v1/transfers", json=body)
            await until(lambda: all_arrived(db))
            # Everything comes once more, after what is newer.
            await post(client, f"/v1/webhooks/{made['id']}/replays", {"after_seq": 0})
            await until(lambda: all_arrived(db))
            # Nobody else's webhook is taken.
            async with httpx.AsyncClient() as stranger:
                headers = {"webhook-id": "x", "webhook-timestamp": "1", "webhook-signature": "v1,x"}
                answer = await stranger.post(url, content=b"{}", headers=headers)
                assert answer.status_code == 401
            wanted = {
                name: (await client.get(f"/v1/wallets/{name}")).json()["posted"]
                for name in ("alice", "bob")
            }
            if consumer.language == "python":
                await reconciles(consumer, server, client)
                wanted["bob"] = (await client.get("/v1/wallets/bob")).json()["posted"]
        found = await consumer.balances()
        assert {name: found[name] for name in wanted} == wanted
    finally:
        await consumer.end()
        await server.end()


async def all_arrived(db: asyncpg.Connection) -> bool:
    return bool(
        await db.fetchval(
            "select not exists (select from ledger.deliveries where status = 'pending')"
            " and (select min(sent_seq) from ledger.endpoints) = (select last_seq from ledger.feeds"
            " where ledger_id = 1) and not exists (select from ledger.outbox)"
            " and not exists (select from ledger.replays where finished_at is null)"
        )
    )


async def reconciles(consumer: Consumer, server: ServerProcess, client: httpx.AsyncClient) -> None:
    """What the receiver misses while it is away, the feed brings."""
    await consumer.end()
    await post(client, "/v1/credits", {"wallet": "bob", "amount": 77})

    async def is_in_the_feed() -> bool:
        events = (await client.get("/v1/events?wallet=bob&limit=1000")).json()["data"]
        return bool(events[-1]["data"]["postings"][0]["amount"] == 77)

    await until(is_in_the_feed)
    code = f"from consumer import reconcile; reconcile({server.base!r}, {KEY!r})"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, cwd=consumer.room, stderr=PIPE
    )
    _, said = await process.communicate()
    assert process.returncode == 0, said
