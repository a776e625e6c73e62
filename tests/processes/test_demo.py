"""`zerosum demo`: a ledger to look at."""

from __future__ import annotations

import re

import asyncpg
import pytest

from tests.support.api import KEY
from tests.support.command import run
from tests.support.ledger import verify
from tests.support.process import ServerProcess


@pytest.mark.slow
async def test_a_shop_is_filled_and_its_key_opens_it(
    started: ServerProcess, database_url: str, db: asyncpg.Connection
) -> None:
    code, said, told = await run(database_url, "demo")
    assert code == 0, told
    (count,) = re.findall("has ([0-9]+) transactions", said)
    assert int(count) > 500
    (key,) = re.findall("(zs_[A-Za-z0-9_-]+)", said)
    assert key != KEY
    async with started.client() as client:
        client.headers["Authorization"] = f"Bearer {key}"
        proof = (await client.get("/v1/proof")).json()
        assert proof["ledger"] == "demo"
        assert {one["asset"]: one["sum"] for one in proof["assets"]} == {"EUR": 0, "POINTS": 0}
        holds = (await client.get("/v1/holds")).json()["data"]
        assert len([hold for hold in holds if hold["status"] == "pending"]) == 4
        frozen = (await client.get("/v1/wallets?prefix=customer")).json()["data"]
        assert [wallet["status"] for wallet in frozen].count("frozen") == 1
    ledger = await db.fetchval("select ledger_id from ledger.ledgers where name = 'demo'")
    assert [fault for fault in await verify(db, ledger) if fault[0] != "outbox"] == []
    code, _, told = await run(database_url, "demo")
    assert (code, "is there already" in told) == (1, True)
    code, said, _ = await run(database_url, "demo", "--ledger", "second")
    assert (code, count in said) == (0, True)
