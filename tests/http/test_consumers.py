"""Consumers: a cursor kept by the server, one leased page at a time, nothing lost and nothing read
by two at once."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import asyncpg
import pytest

from tests.support.api import Api
from tests.support.ledger import lease, stamp, stamp_all
from tests.support.until import until

PATH = "/v1/consumers/mailer"


async def put(api: Api, **body: Any) -> Any:
    answer = await api.client.put(PATH, json={"start": "beginning", **body})
    assert answer.status_code in {200, 201}, answer.text
    return answer.json()


async def read(api: Api, status: int = 200, **body: Any) -> Any:
    answer = await api.post(f"{PATH}/lease", body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def acknowledge(api: Api, lease: str, seq: int | None, status: int = 200) -> Any:
    answer = await api.post(f"{PATH}/acknowledge", {"lease": lease, "seq": seq})
    assert answer.status_code == status, answer.text
    return answer.json()


def seqs(page: Any) -> list[int]:
    return [event["seq"] for event in page["data"]]


@pytest.fixture
async def fed(api: Api, db: asyncpg.Connection) -> Api:
    """Ten credits are in the feed."""
    await api.wallets("alice", "bob")
    for _ in range(10):
        await api.fund("alice", 1)
    await stamp_all(db)
    return api


async def test_pages_are_read_and_acknowledged_in_order(fed: Api) -> None:
    made = await put(fed)
    assert (made["acknowledged_seq"], made["behind"], made["leased_until"]) == (0, 10, None)
    page = await read(fed, limit=4)
    assert seqs(page) == [1, 2, 3, 4]
    assert page["data"] == (await fed.read("/v1/events?limit=4"))["data"]
    assert (await fed.read(PATH))["leased_until"] == page["leased_until"]
    # A part of the page; the rest of it stays this reader's.
    assert (await acknowledge(fed, page["lease"], 2))["acknowledged_seq"] == 2
    assert (await read(fed, 409))["code"] == "consumer_leased"
    more = await read(fed, lease=page["lease"], limit=3)
    assert (seqs(more), more["lease"]) == ([3, 4, 5], page["lease"])
    assert (await acknowledge(fed, page["lease"], 6, 422))["code"] == "beyond_lease"
    done = await acknowledge(fed, page["lease"], 5)
    assert (done["acknowledged_seq"], done["leased_until"]) == (5, None)
    # With the last event the lease has ended.
    assert (await acknowledge(fed, page["lease"], 5, 409))["code"] == "lease_lost"
    last = await read(fed)
    assert seqs(last) == [6, 7, 8, 9, 10]
    await acknowledge(fed, last["lease"], 10)
    assert await read(fed) == {"data": [], "lease": None, "leased_until": None}
    assert (await fed.read(PATH))["behind"] == 0


async def test_what_is_not_acknowledged_in_time_is_read_again(
    fed: Api, db: asyncpg.Connection
) -> None:
    await put(fed)
    first = await read(fed, limit=3, lease_s=1)
    await until(lambda: is_free(fed))
    # Late, but nobody has taken the page meanwhile: the work counts.
    assert (await acknowledge(fed, first["lease"], 1))["acknowledged_seq"] == 1
    second = await read(fed, limit=3)
    assert seqs(second) == [2, 3, 4]
    assert (await acknowledge(fed, first["lease"], 3, 409))["code"] == "lease_lost"
    # Given back, another reader has it at once.
    await acknowledge(fed, second["lease"], None)
    third = await read(fed, limit=3)
    assert seqs(third) == [2, 3, 4]
    assert third["lease"] != second["lease"]


async def is_free(api: Api) -> bool:
    return (await api.read(PATH))["leased_until"] is None


async def test_only_what_is_wanted_is_read_and_the_rest_is_passed_over(
    fed: Api, db: asyncpg.Connection
) -> None:
    await fed.post("/v1/wallets/bob/freeze", {})
    await fed.fund("alice", 1)
    await stamp_all(db)
    await put(fed, types=["wallet.*"], wallets=["b*"])
    page = await read(fed)
    assert seqs(page) == [11]
    await acknowledge(fed, page["lease"], 11)
    assert (await read(fed))["data"] == []
    assert (await fed.read(PATH))["acknowledged_seq"] == 12
    # A change keeps the cursor.
    changed = await fed.client.put(PATH, json={"kinds": ["credit"]})
    assert (changed.status_code, changed.json()["acknowledged_seq"]) == (200, 12)
    assert (changed.json()["types"], changed.json()["kinds"]) == (["*"], ["credit"])


async def test_it_starts_where_it_is_told_and_is_moved(fed: Api) -> None:
    now = await fed.client.put(PATH, json={})
    assert (now.status_code, now.json()["acknowledged_seq"]) == (201, 10)
    assert (await fed.client.delete(PATH)).status_code == 204
    assert (await put(fed, start="7"))["acknowledged_seq"] == 6
    page = await read(fed)
    assert seqs(page) == [7, 8, 9, 10]
    moved = await fed.post(f"{PATH}/rewind", {"seq": 3})
    assert (moved.json()["acknowledged_seq"], moved.json()["leased_until"]) == (2, None)
    assert (await acknowledge(fed, page["lease"], 10, 409))["code"] == "lease_lost"
    assert seqs(await read(fed, limit=2)) == [3, 4]
    assert (await fed.client.delete(PATH)).status_code == 204
    for answer in (
        await fed.get(PATH),
        await fed.client.delete(PATH),
        await fed.post(f"{PATH}/lease", {}),
        await fed.post(f"{PATH}/rewind", {"seq": 1}),
        await fed.post(f"{PATH}/acknowledge", {"lease": "a", "seq": 1}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_a_wait_ends_with_the_next_event_or_when_the_page_is_free(
    fed: Api, db: asyncpg.Connection
) -> None:
    await put(fed, start="now")
    waiting = asyncio.create_task(read(fed, wait=20))
    await asyncio.sleep(0.2)
    await fed.fund("alice", 1)
    await stamp_all(db)
    async with asyncio.timeout(5):
        page = await waiting
    assert seqs(page) == [11]
    # Another reader waits until the page is given back.
    other = asyncio.create_task(read(fed, wait=20))
    await asyncio.sleep(0.2)
    assert not other.done()
    await acknowledge(fed, page["lease"], None)
    async with asyncio.timeout(5):
        assert seqs(await other) == [11]
    assert (await read(fed, 409, wait=1))["code"] == "consumer_leased"


@pytest.mark.slow
async def test_workers_that_compete_lose_nothing_and_share_nothing(
    fed: Api, db: asyncpg.Connection
) -> None:
    """Five workers, of which some die with a page in hand, while events come."""
    await put(fed)
    done: list[int] = []
    died = 0
    epoch = await lease(db, "r")

    async def work() -> None:
        nonlocal died
        while len(done) < 60:
            answer = await fed.post(f"{PATH}/lease", {"limit": 3, "wait": 1, "lease_s": 1})
            if answer.status_code == 409:
                continue
            page = answer.json()
            if page["data"] and died < 3 and len(done) >= 15 * died:
                died += 1  # This one has a page and never comes back with it.
                continue
            for event in page["data"]:
                done.append(event["seq"])
                await acknowledge(fed, page["lease"], event["seq"])

    async def write() -> None:
        for _ in range(50):
            await fed.fund("alice", 1)
            await stamp(db, "r", epoch)
            await asyncio.sleep(0.01)

    async with asyncio.timeout(60):
        await asyncio.gather(write(), *(work() for _ in range(5)))
    assert done == list(range(1, 61))
    assert died == 3


async def test_one_ledgers_consumers_are_not_anothers(fed: Api, db: asyncpg.Connection) -> None:
    await put(fed)
    assert await db.fetch("select * from zerosum.list_consumers(2, '', 10)") == []
    assert await db.fetch("select * from zerosum.lease_page(2, 'mailer', 'a', 1, 1)") == []
    await fed.client.put("/v1/consumers/a", json={})
    listed = await fed.read("/v1/consumers?limit=1")
    assert ([one["name"] for one in listed["data"]], listed["next"]) == (["a"], "a")
    listed = await fed.read("/v1/consumers?after=a")
    assert ([one["name"] for one in listed["data"]], listed["next"]) == (["mailer"], None)


@pytest.mark.parametrize(
    ("status", "code", "method", "path", "body"),
    [
        (422, "invalid_consumer", "PUT", "/v1/consumers/a%20b", {}),
        (422, "invalid_consumer", "PUT", "/v1/consumers/" + "a" * 129, {}),
        (422, "invalid_types", "PUT", PATH, {"types": []}),
        (422, "invalid_filter", "PUT", PATH, {"wallets": ["*a"]}),
        (400, "invalid_body", "PUT", PATH, {"start": "0"}),
        (400, "invalid_body", "PUT", PATH, {"start": "soon"}),
        (400, "invalid_body", "POST", f"{PATH}/lease", {"limit": 1001}),
        (400, "invalid_body", "POST", f"{PATH}/lease", {"wait": 21}),
        (400, "invalid_body", "POST", f"{PATH}/lease", {"lease_s": 0}),
        (400, "invalid_body", "POST", f"{PATH}/lease", {"lease": "a b"}),
        (400, "invalid_body", "POST", f"{PATH}/acknowledge", {"lease": "a"}),
        (400, "invalid_body", "POST", f"{PATH}/acknowledge", {"lease": "a", "seq": 0}),
    ],
)
async def test_what_is_wrong_is_refused(
    fed: Api, status: int, code: str, method: str, path: str, body: Any
) -> None:
    with contextlib.suppress(AssertionError):
        await put(fed)
    answer = await fed.client.request(method, path, json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
