"""The primary dies under load and its standby, which had to have each commit, takes over: nothing
that was acknowledged is lost, and nothing is done twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import httpx
import pytest

from app.database.connections import connect
from tests.support.ledger import verify
from tests.support.process import ServerProcess
from tests.support.proxy import Proxy
from tests.support.receiver import Receiver
from tests.support.standby import Pair
from tests.support.until import until

pytestmark = [pytest.mark.once, pytest.mark.slow]

SYNC = "select exists (select from pg_stat_replication where sync_state in ('sync', 'quorum'))"


async def test_a_promotion_loses_nothing_that_was_acknowledged(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, receiver: Receiver
) -> None:
    pair = Pair(tmp_path_factory.mktemp("promotion"))
    try:
        await pair.open()
        conn = await connect(pair.primary.url)
        await conn.execute("alter system set synchronous_standby_names = '*'")
        await conn.execute("select pg_reload_conf()")
        await until(lambda: conn.fetchval(SYNC))
        await conn.close()
        # What a host's name does in a failover: it leads to the new primary.
        room = tmp_path_factory.mktemp("proxy")
        async with Proxy(room, pair.primary.url) as proxy:
            await fail_over(pair, proxy, tmp_path, receiver)
    finally:
        pair.close()


async def fail_over(pair: Pair, proxy: Proxy, room: Path, receiver: Receiver) -> None:
    server = ServerProcess(room, proxy.url, ZEROSUM_LOG_REQUESTS="0")
    await server.start()
    stop = asyncio.Event()
    posted: dict[str, int] = {}
    answers: Counter[int] = Counter()

    async with server.client() as client:
        for name in ("alice", "bob"):
            await client.post("/v1/wallets", json={"id": name, "asset": "USD"})
        await client.post("/v1/credits", json={"wallet": "alice", "amount": 10**6})
        await client.post("/v1/webhooks", json={"url": receiver.url})

        async def pay(n: int) -> None:
            number = 0
            while not stop.is_set():
                number += 1
                key = f"{n}-{number}"
                posted[key] = await once(key)

        async def once(key: str) -> int:
            """Repeat a payment under its key until it is answered, as a client does."""
            body = {"source": "alice", "destination": "bob", "amount": 1}
            while True:
                answer: httpx.Response = await client.post(
                    "/v1/transfers", json=body, headers={"Idempotency-Key": key}
                )
                answers[answer.status_code] += 1
                if answer.status_code == 201:
                    id_: int = answer.json()["id"]
                    return id_
                assert answer.status_code in {503, 504}, answer.text
                await asyncio.sleep(0.05)

        async def has_posted(count: int) -> bool:
            return len(posted) >= count

        payers = [asyncio.create_task(pay(n)) for n in range(8)]
        await until(lambda: has_posted(300))
        pair.primary.run("pg_ctl", "stop", "-D", pair.primary.data_dir, "-m", "immediate", "-w")
        await asyncio.sleep(0.5)
        assert pair.standby is not None
        proxy.target = pair.standby.socket_dir / ".s.PGSQL.5432"
        pair.promote()
        before = len(posted)
        await until(lambda: has_posted(before + 300))
        stop.set()
        await asyncio.gather(*payers)
    new = await connect(pair.standby_url)
    keys = {r["key"]: r["id"] for r in await new.fetch("select key, id from ledger.transactions")}
    assert {key: keys.get(key) for key in posted} == posted
    assert await new.fetchval("select posted from ledger.wallets where id = 'bob'") == len(posted)
    assert await verify(new) == []
    assert len(set(posted.values())) == len(posted)

    async def arrived() -> bool:
        got = {one.event["data"]["id"] for one in receiver.got}
        return set(posted.values()) <= got

    await until(arrived)
    seqs = [r["seq"] for r in await new.fetch("select seq from zerosum.list_events(1, 0, 100000)")]
    assert seqs == list(range(1, len(seqs) + 1))
    # One event, one content: no seq was given to another event after the failover.
    by_seq: dict[int, set[str]] = {}
    for one in receiver.got:
        by_seq.setdefault(one.event["seq"], set()).add(one.id)
    assert all(len(ids) == 1 for ids in by_seq.values())
    await new.close()
    await server.end()
