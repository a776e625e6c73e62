"""The whole process is killed with -9 between sending a webhook and recording that it arrived."""

from __future__ import annotations

import signal

import pytest

from tests.support.ledger import verify
from tests.support.process import ServerProcess
from tests.support.receiver import Receiver

# Recording waits here for the test's advisory lock; sending does not.
BLOCK_RECORDING = """
create function ledger.block() returns trigger language plpgsql as
    $$begin perform pg_advisory_xact_lock(1); return null; end$$;
create trigger block before insert on ledger.deliveries execute function ledger.block();
"""


@pytest.mark.slow
async def test_what_was_sent_but_not_recorded_is_sent_again_under_its_id(
    server: ServerProcess, receiver: Receiver
) -> None:
    await server.start()
    async with server.client() as client:
        for name in ("alice", "bob"):
            made = {"id": name, "asset": "USD", "min_balance": None}
            assert (await client.post("/v1/wallets", json=made)).status_code == 201
        webhook = await client.post("/v1/webhooks", json={"url": receiver.url})
        assert webhook.status_code == 201
        conn = await server.connect()
        await conn.execute(BLOCK_RECORDING)
        await conn.execute("select pg_advisory_lock(1)")
        body = {"source": "alice", "destination": "bob", "amount": 1}
        for _ in range(10):
            assert (await client.post("/v1/transfers", json=body)).status_code == 201
        sent = await receiver.until(10)
        await server.end(signal.SIGKILL)
        assert await conn.fetchval("select count(*) from ledger.deliveries") == 0
        await conn.execute(
            "drop trigger block on ledger.deliveries; select pg_advisory_unlock_all()"
        )
        receiver.got.clear()
        await server.start()
        again = await receiver.until(10)
        assert {(r.id, r.body) for r in again} == {(r.id, r.body) for r in sent}
        assert {r.event["seq"] for r in again} == set(range(1, 11))
        assert await verify(conn) == []
        await conn.close()
