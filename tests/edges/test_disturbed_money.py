"""Whatever disturbs the database and the servers, each answer is true: what was answered 201 is
there once, what was refused is not there. A seed makes each run the same but for the clock."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from tests.sinks.redis import RedisServer
from tests.support.disturber import Disturber, two_servers
from tests.support.ledger import fund, verify, wallets
from tests.support.process import ServerProcess

NAMES = ("a", "b", "c", "d", "e", "f")
CLIENTS, SECONDS = 16, 8.0
# Codes that say nothing about whether the request was written.
UNKNOWN = {"outcome_unknown", "internal_error", "request_in_progress"}


@dataclass
class Operation:
    """One request, however often it is sent. unknown: whether an answer said nothing of what became
    of it, or none came; refused: the code; ids: what answers called it."""

    number: int
    path: str
    body: dict[str, Any]
    key: str | None
    unknown: bool = False
    refused: str = ""
    ids: set[int] = field(default_factory=set)


class Client:
    """Sends one operation after the other, each again under its key until that is settled, or
    gives up."""

    def __init__(self, servers: list[ServerProcess], rng: random.Random, number: int) -> None:
        self.servers, self.rng, self.number = servers, rng, number
        self.operations: list[Operation] = []
        self.codes: Counter[str] = Counter()
        self.holds: list[int] = []

    async def run(self, until: float) -> None:
        async with contextlib.AsyncExitStack() as stack:
            http = [await stack.enter_async_context(one.client()) for one in self.servers]
            while asyncio.get_running_loop().time() < until:
                operation = self.next()
                self.operations.append(operation)
                for _ in range(self.rng.choice([1, 5, 50])):
                    await self.send(self.rng.choice(http), operation)
                    if operation.ids or operation.refused or operation.key is None:
                        break

    def next(self) -> Operation:
        number = self.number * 100_000 + len(self.operations)
        source, destination = self.rng.sample(NAMES, 2)
        amount = self.rng.choice([1, 1, 1, 50, 5000])
        paths: list[tuple[str, dict[str, Any]]] = [
            ("transfers", {"source": source, "destination": destination, "amount": amount}),
            ("credits", {"wallet": source, "amount": amount}),
            ("holds", {"source": source, "destination": destination, "amount": amount}),
        ]
        path, body = self.rng.choice(paths)
        if self.holds and self.rng.random() < 0.3:
            verb = self.rng.choice(["capture", "void"])
            path, body = f"holds/{self.holds.pop()}/{verb}", {}
        key = f"op-{number}" if self.rng.random() < 0.7 else None
        return Operation(number, path, body | {"metadata": {"op": number}}, key)

    async def send(self, http: httpx.AsyncClient, operation: Operation) -> None:
        headers = {"Idempotency-Key": operation.key} if operation.key else {}
        try:
            answer = await http.post(f"/v1/{operation.path}", json=operation.body, headers=headers)
        except httpx.ConnectError:
            self.codes["no server"] += 1
            await asyncio.sleep(0.05)
            return
        except httpx.TransportError:
            self.codes["no answer"] += 1
            operation.unknown = True
            return
        told = answer.json()
        self.codes[told.get("code", str(answer.status_code))] += 1
        if answer.status_code == 201:
            operation.ids.add(told["id"])
            if operation.path == "holds":
                self.holds.append(told["id"])
        elif told["code"] in UNKNOWN:
            operation.unknown = True
        elif answer.status_code < 500:
            operation.refused = told["code"]
        else:  # Not written by this attempt; an earlier one may have.
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("seed", [1, *(pytest.param(n, marks=pytest.mark.slow) for n in (2, 3))])
@pytest.mark.parametrize("with_redis", [False, True], ids=["alone", "redis"])
async def test_each_answer_is_true(
    db: asyncpg.Connection,
    database_url: str,
    tmp_path: Path,
    redis_server: RedisServer,
    seed: int,
    with_redis: bool,
) -> None:
    rng = random.Random(seed)
    await wallets(db, NAMES)
    for name in NAMES:
        await fund(db, name, 10_000)
    settings = {"REDIS_URL": redis_server.url} if with_redis else {}
    servers = await two_servers(tmp_path, database_url, **settings)
    clients = [Client(servers, rng, n) for n in range(CLIENTS)]
    end = asyncio.get_running_loop().time() + SECONDS
    disturber = Disturber(
        db, database_url, servers, rng, NAMES, redis_server if with_redis else None
    )
    await asyncio.gather(*(one.run(end) for one in clients), disturber.run(end))
    for server in servers:
        await server.end()
    codes = sum((one.codes for one in clients), Counter[str]())
    print(codes)
    assert codes["201"] > 20  # How many more, the machine says.
    assert codes["internal_error"] == 0
    await compare(db, [one for client in clients for one in client.operations])
    assert await verify(db) == []


async def compare(db: asyncpg.Connection, operations: list[Operation]) -> None:
    """Compare what was answered with what is there."""
    found: dict[int, list[asyncpg.Record]] = {}
    for row in await db.fetch(
        "select id, key, (metadata ->> 'op')::int as op from ledger.transactions where metadata ? 'op'"
    ):
        found.setdefault(row["op"], []).append(row)
    for one in operations:
        rows = found.get(one.number, [])
        told = json.dumps([one.path, one.body, one.key, one.refused, sorted(one.ids), one.unknown])
        assert len(rows) <= 1, told
        if one.ids:
            assert {row["id"] for row in rows} == one.ids, told
            assert one.key is None or rows[0]["key"] == one.key, told
        elif one.refused or not one.unknown:
            assert not rows, told
