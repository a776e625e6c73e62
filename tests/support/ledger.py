"""How the tests use the SQL core: requests, posting them, looking at the result."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

import asyncpg
import pytest

from app.posting.committer import POST
from app.posting.waiting import PostRequest, arguments

Posting = tuple[Any, Any, Any]
MAIN = 1


@dataclass(frozen=True)
class Request:
    postings: tuple[Posting, ...]
    kind: str | None
    key: str | None = None
    ref: str | None = None
    description: str | None = None
    metadata: str | None = None
    effective: datetime | None = None
    conditions: str | None = None
    options: str | None = None
    unit: int | None = None

    def but(self, **changes: Any) -> Request:
        return replace(self, **changes)


def req(*postings: Posting, kind: str | None = None, **rest: Any) -> Request:
    """Return a transfer of one posting, or a transaction of several. Amounts may be anything that
    prints as one."""
    return Request(postings, kind or ("transfer" if len(postings) == 1 else "transaction"), **rest)


def hold(*postings: Posting, **rest: Any) -> Request:
    """expires_at, if given, is a datetime."""
    expires_at = rest.pop("expires_at", None)
    options = None if expires_at is None else json.dumps({"expires_at": expires_at.isoformat()})
    return Request(postings, "hold", options=options, **rest)


def about(kind: str, origin: int, key: str | None = None, **options: Any) -> Request:
    """Return a capture, void or reversal of a hold or transaction."""
    named = "transaction" if kind == "reversal" else "hold"
    return Request((), kind, key, options=json.dumps({named: origin, **options}))


async def post(
    conn: asyncpg.Connection, *requests: Request, ledger: int = MAIN, skip_locked: bool = False
) -> list[tuple[str, str]]:
    """Return the outcome and body of each request."""
    asked = [
        PostRequest(
            ledger,
            cast(Any, request.kind),
            [
                (source, destination, cast(Any, None if amount is None else str(amount)))
                for source, destination, amount in request.postings
            ],
            request.key,
            request.ref,
            request.description,
            request.metadata,
            request.effective,
            request.conditions,
            request.options,
        )
        for request in requests
    ]
    units = [request.unit for request in requests]
    rows = await conn.fetch(POST, *arguments(asked, units, skip_locked))
    return [(row["outcome"], row["body"]) for row in rows]


async def again(link: asyncpg.Connection, *requests: Request) -> list[tuple[str, str]]:
    """Call post() as its callers must: again after 40001. A deadlock is a failure."""
    for _ in range(50):
        try:
            return await post(link, *requests)
        except asyncpg.SerializationError:
            continue
    raise AssertionError("no end of retries")


async def codes(conn: asyncpg.Connection, *requests: Request) -> list[str]:
    """Return, for each request, `posted`, `replayed` or the code of the refusal."""
    return [
        json.loads(body)["code"] if outcome == "refused" else outcome
        for outcome, body in await post(conn, *requests)
    ]


async def posted(conn: asyncpg.Connection, request: Request) -> dict[str, Any]:
    """Return the transaction of a request that must post."""
    ((outcome, body),) = await post(conn, request)
    assert outcome == "posted", body
    told: dict[str, Any] = json.loads(body)
    return told


async def wallet(conn: asyncpg.Connection, name: str, asset: str = "USD", **columns: Any) -> None:
    """Insert a wallet as the table's owner, so that a test can have any status and limits."""
    values = {"ledger_id": MAIN, "id": name, "asset": asset, **columns}
    marks = ", ".join(f"${i}" for i in range(1, len(values) + 1))
    await conn.execute(
        f"insert into ledger.wallets ({', '.join(values)}) values ({marks})", *values.values()
    )


async def wallets(conn: asyncpg.Connection, names: Iterable[str]) -> None:
    for name in names:
        await wallet(conn, name)


async def fund(conn: asyncpg.Connection, name: str, amount: int) -> None:
    assert await codes(conn, req(("@world", name, amount), kind="credit")) == ["posted"]


async def counts(conn: asyncpg.Connection) -> dict[str, int]:
    """Return how much of everything there is: the same before and after what must write nothing."""
    row = await conn.fetchrow(
        "select (select count(*) from ledger.transactions) as transactions,"
        " (select count(*) from ledger.entries) as entries,"
        " (select count(*) from ledger.outbox) as outbox,"
        " (select count(*) from ledger.events) as events,"
        " (select count(*) from ledger.wallets) as wallets,"
        " (select sum(version) from ledger.wallets) as versions"
    )
    assert row is not None
    return dict(row)


async def verify(conn: asyncpg.Connection, ledger: int = MAIN) -> list[tuple[str, str, str]]:
    return [tuple(row) for row in await conn.fetch("select * from zerosum.verify($1)", ledger)]


async def stamped(conn: asyncpg.Connection) -> None:
    """Wait until a relay that runs has emptied the outbox."""
    while await conn.fetchval("select exists (select from ledger.outbox)"):  # noqa: ASYNC110
        await asyncio.sleep(0.05)


async def stamp_all(conn: asyncpg.Connection) -> None:
    """Empty the outbox into the feed, where no relay runs."""
    while await stamp(conn, "r", await lease(conn, "r")):
        pass


async def bundle(db: asyncpg.Connection, keep: int = 300, limit: int = 100) -> int:
    """Bundle old events. Returns how many bundles were created."""
    epoch = await lease(db, "r")
    made: int = await db.fetchval(
        "select zerosum.bundle_events(1, 'r', $1, $2, $3)", epoch, keep, limit
    )
    return made


async def bodies(conn: asyncpg.Connection) -> list[bytes]:
    """Return the bodies of the ledger main's events, in order."""
    rows = await conn.fetch("select body from zerosum.feed(1, 0, 1000000) order by seq")
    return [row["body"].encode() for row in rows]


async def lease(conn: asyncpg.Connection, holder: str, seconds: float = 30) -> int:
    """Return the epoch to stamp the ledger main under, or 0 if the holder could not get its lease."""
    rows = await conn.fetch("select * from zerosum.take_leases($1, $2)", holder, seconds)
    epochs: list[int] = [row["epoch"] for row in rows if row["ledger_id"] == MAIN]
    return epochs[0] if epochs else 0


async def stamp(conn: asyncpg.Connection, holder: str, epoch: int, limit: int = 1000) -> int:
    """Return how many events of the ledger main were stamped."""
    row = await conn.fetchrow("select * from zerosum.stamp(1, $1, $2, $3)", holder, epoch, limit)
    assert row is not None
    return int(row["stamped"])


async def until_waiting(conn: asyncpg.Connection, other: asyncpg.Connection) -> None:
    """Wait until the other connection waits for a lock."""
    waiting = "select exists (select from pg_locks where pid = $1 and not granted)"
    for _ in range(500):
        if await conn.fetchval(waiting, other.get_server_pid()):
            return
        await asyncio.sleep(0.02)
    pytest.fail("it never waited")


async def raises(sqlstate: str, awaitable: Awaitable[Any]) -> asyncpg.PostgresError:
    with pytest.raises(asyncpg.PostgresError) as caught:
        await awaitable
    assert caught.value.sqlstate == sqlstate, caught.value
    return caught.value
