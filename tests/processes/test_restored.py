"""The primary is lost, and a standby that was behind takes over: after `zerosum restored` nothing
new passes for what was lost."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import httpx
import pytest

from app.database.connections import connect
from app.host.embedded import start_embedded
from tests.support.command import run
from tests.support.ledger import verify
from tests.support.process import ServerProcess
from tests.support.receiver import Receiver
from tests.support.standby import Pair
from tests.support.until import until

pytestmark = [pytest.mark.once, pytest.mark.slow]

PAID = {"source": "alice", "destination": "bob", "amount": 1}
LOST = 40
LOG_KEY = base64.b64encode(bytes(32)).decode()


async def pay(client: httpx.AsyncClient, count: int) -> list[int]:
    answers = [await client.post("/v1/transfers", json=PAID) for _ in range(count)]
    return [answer.json()["id"] for answer in answers]


async def test_what_was_lost_does_not_come_again_as_something_else(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, receiver: Receiver
) -> None:
    pair = Pair(tmp_path_factory.mktemp("restored"))
    try:
        await pair.open()
        lost, seen, vkey = await lose_the_end(pair, tmp_path, receiver)
        await go_on(pair, tmp_path, receiver, lost, seen, vkey)
    finally:
        pair.close()


async def lose_the_end(pair: Pair, room: Path, receiver: Receiver) -> tuple[list[int], int, str]:
    """Post transfers that the standby does not get, and lose the primary. Returns their ids, the
    last seq that the receiver has, and the vkey of the log."""
    server = ServerProcess(room, pair.primary.url, ZEROSUM_LOG_KEY=LOG_KEY)
    await server.start()
    async with server.client() as client:
        for name in ("alice", "bob"):
            await client.post("/v1/wallets", json={"id": name, "asset": "USD"})
        await client.post("/v1/credits", json={"wallet": "alice", "amount": 1000})
        await client.post("/v1/webhooks", json={"url": receiver.url})
        await pay(client, 5)
        conn = await connect(pair.primary.url)
        ends = "select replay_lsn >= pg_current_wal_lsn() from pg_stat_replication"
        await until(lambda: conn.fetchval(ends))
        await conn.close()
        assert pair.standby is not None
        pair.standby.stop()
        lost = await pay(client, LOST)

        async def arrived() -> bool:
            return {one.event["data"].get("id") for one in receiver.got} >= set(lost)

        await until(arrived)
        log = (await client.get("/v1/proof")).json()["log"]
    await server.end()
    pair.primary.run("pg_ctl", "stop", "-D", pair.primary.data_dir, "-m", "immediate", "-w")
    pair.standby = start_embedded(pair.standby.data_dir)
    pair.promote()
    return lost, max(one.event["seq"] for one in receiver.got), log["vkey"]


async def go_on(
    pair: Pair, room: Path, receiver: Receiver, lost: list[int], seen: int, vkey: str
) -> None:
    url = pair.standby_url
    assert (await run(url, "restored", "--seen", f"main={seen}"))[0] == 2  # Nobody to ask.
    code, said, told = await run(url, "restored", "--seen", f"main={seen}", "--yes")
    assert code == 0, told
    assert said.startswith("ledger main: its feed ended with event ")
    assert f"goes on with event {seen + 1}. Its log is main/2 now." in said
    server = ServerProcess(room, url, ZEROSUM_LOG_KEY=LOG_KEY)
    await server.start()
    async with server.client() as client:
        later = await pay(client, LOST)
        assert not set(later) & set(lost)

        async def arrived() -> bool:
            return {one.event["data"].get("id") for one in receiver.got} >= set(later)

        await until(arrived)
        # Whoever reads the feed with a cursor of its own goes on with what tells of the loss.
        page = (await client.get(f"/v1/events?after={seen}&limit=1")).json()["data"]
        assert [(one["seq"], one["type"]) for one in page] == [(seen + 1, "ledger.restored")]
        first_lost = page[0]["data"]["kept_seq"] + 1
        between = (await client.get(f"/v1/events?after={first_lost - 1}&limit=1000")).json()
        skipped = [one for one in between["data"] if one["seq"] <= seen]
        assert {one["type"] for one in skipped} == {"ledger.skipped"}
        assert len(skipped) == LOST
        log = (await client.get("/v1/proof")).json()["log"]
        assert log["origin"].endswith("/main/2")
        assert log["vkey"] != vkey
        note = (await client.get("/v1/proof/checkpoint")).text
        assert note.startswith(log["origin"] + "\n")
    by_seq: dict[int, set[str]] = {}
    for one in receiver.got:
        by_seq.setdefault(one.event["seq"], set()).add(one.id)
        assert one.event["type"] != "ledger.skipped"
    assert all(len(ids) == 1 for ids in by_seq.values())
    conn = await connect(url)
    assert await verify(conn) == []
    await conn.close()
    await server.end()


async def test_a_ledger_that_is_not_there_changes_nothing(database_url: str) -> None:
    code, _, told = await run(database_url, "restored", "--seen", "nope=3", "--yes")
    assert (code, told) == (1, "Error: there is no ledger nope; see zerosum ledgers list\n")
    code, _, told = await run(database_url, "restored", "--seen", "main", "--yes")
    assert code == 2
    assert "'main' is not such as main=1500" in told
    code, said, _ = await run(database_url, "restored", "--skip", "3", "--yes", "--json")
    told_main = json.loads(said.splitlines()[0])
    assert (code, told_main["restored_seq"], told_main["log"]) == (0, 4, "main/2")
