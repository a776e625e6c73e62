"""Checkpoints of the log are events, signed, on a schedule, and only when something else happened."""

from __future__ import annotations

import asyncio
import base64
import json

import asyncpg
import pytest

from app.transparency.signed_notes import open_checkpoint
from tests.relay.conftest import RunRelay
from tests.support import merkle
from tests.support.ledger import bodies, fund, lease, raises, verify, wallets
from tests.support.log_key import LOG_KEY, VKEY
from tests.support.receiver import Receiver
from tests.support.webhooks import subscribe


@pytest.mark.slow
async def test_checkpoints_are_told(
    db: asyncpg.Connection, run_relay: RunRelay, receiver: Receiver
) -> None:
    await wallets(db, ("ann",))
    await subscribe(db, receiver.url, types=("ledger.checkpoint",))
    async with run_relay(log_key=LOG_KEY, checkpoint_every_s=0.3):
        for count in range(3):
            await fund(db, "ann", 1)
            await receiver.until(count + 1)
            await asyncio.sleep(1)
    told = [json.loads(one.body)["data"] for one in receiver.got]
    assert len(told) == 3
    told_bodies = await bodies(db)
    assert len(told_bodies) == 6
    leaves = [merkle.leaf(body) for body in told_bodies]
    for data in told:
        checkpoint = open_checkpoint(data["checkpoint"], VKEY)
        root = merkle.root(leaves[: data["size"]])
        assert (checkpoint.size, checkpoint.root) == (data["size"], root)
        assert (data["origin"], base64.b64decode(data["root"])) == (checkpoint.origin, root)
    assert [data["size"] for data in told] == [1, 3, 5]
    assert await verify(db) == []


async def test_only_the_holder_of_the_lease_tells_them(db: asyncpg.Connection) -> None:
    epoch = await lease(db, "r1")
    add = "select zerosum.add_checkpoint(1, $1, $2, 'o', 0, sha256(''), 'note')"
    await raises("ZS301", db.execute(add, "r2", epoch))
    await raises("ZS301", db.execute(add, "r1", epoch + 1))
    assert await db.fetch("select * from zerosum.due_checkpoints('r2', 0)") == []
    await db.execute(add, "r1", epoch)
    assert await db.fetchval("select type from ledger.outbox") == "ledger.checkpoint"
