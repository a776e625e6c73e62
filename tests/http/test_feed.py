"""The feed as pull consumers read it: by type, waiting at its end, without loss or repeat."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from app.database.connections import connect
from app.event_filter import EventFilter
from app.http.feed.pages import Page
from relay.lease import is_lost
from tests.support.api import Api
from tests.support.ledger import lease, stamp, stamp_all
from tests.support.until import until

OTHER = "zs_" + "other" * 8


async def test_types_select_events_and_read_to_goes_on(api: Api, db: asyncpg.Connection) -> None:
    """2,500 events lie between two of the wanted type: no page is long in coming, and none repeats."""
    await api.wallets("alice", "bob")
    await api.fund("alice", 10)
    await api.post("/v1/wallets/bob/freeze", {})
    await db.execute(
        "insert into ledger.outbox (ledger_id, aggregatetype, aggregateid, type, payload, recorded_at)"
        " select 1, 'test', n::text, 'test.filler', '{}', now() from generate_series(1, 2500) n"
    )
    await api.post("/v1/wallets/bob/unfreeze", {})
    await stamp_all(db)
    after, pages, found = 0, 0, []
    while True:
        page = await api.read(f"/v1/events?types=wallet.*&limit=5&after={after}")
        found += [event["type"] for event in page["data"]]
        pages += 1
        after = page["read_to"]
        if page["next"] is None:
            break
        assert page["next"] == str(after)
    assert found == ["wallet.frozen", "wallet.unfrozen"]
    assert (after, pages) == (2503, 3)
    both = await api.read("/v1/events?types=wallet.frozen,transaction.posted&after=0")
    assert [event["type"] for event in both["data"]] == ["transaction.posted", "wallet.frozen"]


async def test_wallets_and_kinds_select_events(api: Api, db: asyncpg.Connection) -> None:
    await api.wallets("user_1", "user_2", "shop")
    await api.fund("user_1", 10)
    await api.made("/v1/transfers", {"source": "user_1", "destination": "shop", "amount": 1})
    await api.made("/v1/transfers", {"source": "shop", "destination": "user_2", "amount": 1})
    await api.made("/v1/holds", {"source": "user_2", "destination": "shop", "amount": 1})
    await api.post("/v1/wallets/user_2/freeze", {})
    await stamp_all(db)

    async def seqs(query: str) -> list[int]:
        return [one["seq"] for one in (await api.read(f"/v1/events?{query}"))["data"]]

    assert await seqs("wallet=user_1") == [1, 2]
    assert await seqs("wallet=user_*") == [1, 2, 3, 4, 5]
    assert await seqs("wallet=user_2,@world*") == [1, 3, 4, 5]
    assert await seqs("wallet=user") == []
    assert await seqs("kind=transfer") == [2, 3]
    assert await seqs("kind=credit,hold") == [1, 4]
    assert await seqs("kind=transfer&wallet=user_2") == [3]
    assert await seqs("kind=transfer&types=hold.*") == []
    assert await seqs("wallet=*&kind=*") == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "query",
    [
        "types=",
        "types=A",
        "types=a.*.b",
        "types=" + "a," * 33,
        "wait=21",
        "wait=-1",
        "wallet=",
        "wallet=a%20b",
        "wallet=*a",
        "wallet=a,,b",
        "wallet=" + "a" * 129,
        "wallet=" + "a," * 33,
        "kind=transfers",
        "kind=transf*",
        "kind=",
        "wallets=a",
    ],
)
async def test_what_is_no_filter_or_wait_is_refused(api: Api, query: str) -> None:
    answer = await api.get(f"/v1/events?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_parameter")


async def test_a_wait_ends_with_the_next_event_of_its_ledger(
    api: Api, db: asyncpg.Connection
) -> None:
    """100 requests wait on ledger 1, one of them for another type; the ledger test's waits on."""
    await db.execute("select zerosum.add_key(2, sha256($1), 'read', 'zs_othe')", OTHER.encode())
    await api.wallets("alice")
    waits = [asyncio.create_task(api.read("/v1/events?wait=20")) for _ in range(99)]
    other_type = asyncio.create_task(api.read("/v1/events?wait=2&types=hold.*"))
    other_ledger = asyncio.create_task(
        api.client.get("/v1/events?wait=2", headers={"Authorization": f"Bearer {OTHER}"})
    )
    feed = api.app.services.feed

    async def all_wait() -> bool:
        return len(feed.waiting.get(1, {})) == 100 and len(feed.waiting.get(2, {})) == 1

    await until(all_wait)
    await api.fund("alice", 1)
    await stamp(db, "r", await lease(db, "r"))
    async with asyncio.timeout(10):  # Not the 20 s that they would wait.
        pages = await asyncio.gather(*waits)
    assert {(page["data"][0]["seq"], page["next"], page["read_to"]) for page in pages} == {
        (1, None, 1)
    }
    assert not other_ledger.done()
    assert await other_type == {"data": [], "next": None, "read_to": 1}
    assert (await other_ledger).json() == {"data": [], "next": None, "read_to": 0}
    assert feed.waiting == {}


async def test_a_closed_watch_lets_everybody_go(api: Api) -> None:
    waits = [asyncio.create_task(api.read("/v1/events?wait=20")) for _ in range(3)]
    feed = api.app.services.feed

    async def all_wait() -> bool:
        return len(feed.waiting.get(1, {})) == 3

    await until(all_wait)
    feed.close()
    async with asyncio.timeout(5):
        assert [page["data"] for page in await asyncio.gather(*waits)] == [[], [], []]
        assert (await api.read("/v1/events?wait=20"))["data"] == []


async def test_a_consumer_misses_and_repeats_nothing_beside_writers(
    api: Api, db: asyncpg.Connection, database_url: str
) -> None:
    """Eight writers, and a relay that stamps a few events at a time, in the name of two holders."""
    await api.wallets("alice")
    written = 0

    async def write(number: int) -> None:
        nonlocal written
        for n in range(40):
            body = {"wallet": "alice", "amount": number + 1}
            await api.made("/v1/credits", body, f"{number}-{n}")
            written += 1

    async def consume() -> list[Any]:
        after = 0
        found: list[Any] = []
        while len(found) < 320:
            page = await api.read(f"/v1/events?after={after}&limit=50&wait=5")
            found += page["data"]
            after = page["read_to"]
        return found

    async with asyncio.timeout(60):
        found, *_ = await asyncio.gather(
            consume(), stamp_in_turns(database_url, 320), *(write(n) for n in range(8))
        )
    assert written == 320
    assert [event["seq"] for event in found] == list(range(1, 321))
    assert len({event["id"] for event in found}) == 320


async def stamp_in_turns(url: str, last: int) -> None:
    """Stamp a few events at a time, in the name of two holders, up to the last event."""
    conn = await connect(url)
    holders = ("one", "two")
    for turn in range(10_000):
        holder = holders[turn // 20 % 2]
        try:
            if epoch := await lease(conn, holder, 0.05):
                await stamp(conn, holder, epoch, 7)
        except asyncpg.PostgresError as error:
            if not is_lost(error):  # It ended before the stamping; the other goes on.
                raise
        if await conn.fetchval("select last_seq from ledger.feeds where ledger_id = 1") == last:
            break
        await asyncio.sleep(0.005)
    await conn.close()


async def test_readers_at_the_same_place_share_a_query(api: Api, db: asyncpg.Connection) -> None:
    """Whoever leaves meanwhile takes the page from nobody else."""
    await api.wallets("alice")
    await api.fund("alice", 1)
    await stamp_all(db)
    pages = api.app.services.pages
    reads = [asyncio.create_task(pages.read(1, 0, 10, EventFilter())) for _ in range(50)]
    others = [asyncio.create_task(pages.read(1, 0, 10, EventFilter(("hold.*",)))) for _ in range(2)]
    await asyncio.sleep(0)
    reads.pop(0).cancel()
    page, *same = await asyncio.gather(*reads)
    assert all(one is page for one in same)
    assert [len((await one).seqs) for one in others] == [0, 0]
    assert pages.reading == {}
    assert page.frames(strings=False) is page.frames(strings=False)


def test_a_body_of_several_lines_is_one_event() -> None:
    """The standard joins the lines of data with a newline: the JSON stays what it was."""
    page = Page(read_to=7, at_end=True, seqs=[5], bodies=['{\r\n"a":\r1\n}'])
    text = page.frames(strings=False).decode()
    assert text == 'id: 5\ndata: {\ndata: "a":\ndata: 1\ndata: }\n\nid: 7\n\n'


async def test_a_cursor_beyond_the_end_is_told_so(api: Api, db: asyncpg.Connection) -> None:
    """After a restore to an earlier time a reader that waits there would miss what comes."""
    await api.wallets("alice")
    await api.fund("alice", 1)
    await stamp(db, "r", await lease(db, "r"))
    end = (await api.read("/v1/events"))["read_to"]
    assert (await api.read(f"/v1/events?after={end}"))["data"] == []
    for path in (
        f"/v1/events?after={end + 1}",
        f"/v1/events?after={end + 1}&wait=5",
        f"/v1/events?after={end + 1}&types=hold.*",
        f"/v1/events?after={2**62}",
        f"/v1/events/stream?after={end + 1}",
    ):
        answer = await api.get(path)
        assert (answer.status_code, answer.json()["code"]) == (409, "cursor_ahead"), path
        assert answer.json()["last_seq"] == end
