"""Clients that pay while something happens to the database, and what must be true afterwards."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path

import httpx

from app.database.connections import connect
from tests.support.command import run, zerosum
from tests.support.process import ServerProcess
from tests.support.until import until

LEDGERS = ("main", "shop", "game")


class Payers:
    """Clients that pay in each ledger, each payment under a key until it is answered."""

    def __init__(self, server: ServerProcess, keys: dict[str, str]) -> None:
        self.server, self.keys = server, keys
        self.posted: dict[str, dict[str, int]] = {ledger: {} for ledger in keys}
        self.answers: Counter[str] = Counter()  # How often each status came, with its code.
        self.ended = asyncio.Event()

    async def __aenter__(self) -> Payers:
        self.client = self.server.client()
        for ledger in self.keys:
            for name in ("alice", "bob"):
                await self.send(ledger, "wallets", {"id": name, "asset": "USD"})
            await self.send(ledger, "credits", {"wallet": "alice", "amount": 10**6})
        self.tasks = [
            asyncio.create_task(self.pay(ledger, n)) for ledger in self.keys for n in range(4)
        ]
        return self

    async def __aexit__(self, *error: object) -> None:
        self.ended.set()
        await asyncio.gather(*self.tasks)
        await self.client.aclose()

    async def send(self, ledger: str, path: str, body: object, key: str = "") -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.keys[ledger]}"}
        if key:
            headers["Idempotency-Key"] = key
        return await self.client.post(f"/v1/{path}", json=body, headers=headers)

    async def pay(self, ledger: str, n: int) -> None:
        number = 0
        while not self.ended.is_set():
            number += 1
            key = f"{n}-{number}"
            self.posted[ledger][key] = await self.once(ledger, key)

    async def once(self, ledger: str, key: str) -> int:
        body = {"source": "alice", "destination": "bob", "amount": 1}
        while True:
            answer = await self.send(ledger, "transfers", body, key)
            code = answer.json().get("code", "")
            self.answers[f"{answer.status_code} {code}".strip()] += 1
            if answer.status_code == 201:
                id_: int = answer.json()["id"]
                return id_
            assert answer.status_code in {503, 504}, answer.text
            await asyncio.sleep(0.1)

    async def more(self, count: int) -> None:
        """Wait for so many more payments in every ledger."""
        before = {ledger: len(posted) for ledger, posted in self.posted.items()}

        async def there() -> bool:
            return all(len(self.posted[one]) >= before[one] + count for one in before)

        await until(there)


async def served(url: str, room: Path) -> tuple[ServerProcess, dict[str, str]]:
    """Start a server over ledgers on both workers. Returns it, and a key of each ledger."""
    for ledger in LEDGERS[1:]:
        assert (await run(url, "ledgers", "create", ledger))[0] == 0
    keys = {}
    server = ServerProcess(room, url, ZEROSUM_LOG_REQUESTS="0")
    await server.start()
    for ledger in LEDGERS:
        _, key, _ = await run(url, "keys", "create", "--ledger", ledger, "--scope", "admin")
        keys[ledger] = key.strip()
    return server, keys


async def status(url: str) -> dict[str, str]:
    _, told, _ = await run(url, "scale", "status", "--json")
    return {one["ledger"]: one["node"] for one in map(json.loads, told.splitlines())}


async def check(url: str, payers: Payers) -> None:
    """Compare what was answered with what is there, and verify."""
    conn = await connect(url)
    for row in await conn.fetch("select * from zerosum.list_ledgers()"):
        ledger, posted = row["ledger_id"], payers.posted[row["name"]]
        found = {
            one["key"]: one["id"]
            for one in await conn.fetch(
                "select key, id from ledger.transactions where ledger_id = $1 and kind = 'transfer'",
                ledger,
            )
        }
        assert found == posted
        # Ids rise with time, wherever the ledger is.
        ids = await conn.fetch(
            "select id from ledger.entries e join ledger.transactions t"
            " on t.id = e.transaction_id and t.ledger_id = e.ledger_id"
            " where e.ledger_id = $1 and e.wallet_id = 'bob' order by e.version",
            ledger,
        )
        assert [one["id"] for one in ids] == sorted(one["id"] for one in ids)
    await conn.close()
    code, told = await zerosum(url, "verify")
    assert code == 0, told
