"""Every function answers on Citus as it does on plain PostgreSQL."""

from __future__ import annotations

import re
from typing import Any

import asyncpg

from app.database.connections import connect
from tests.citus.calls import CALLS, made
from tests.support.citus import Cluster
from tests.support.command import run

# What differs from run to run: uuids, times, hashes of both, how long something waits.
NOISE = [
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "uuid"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+00(:00)?)?", "time"),
    (r"datetime\.datetime\([^)]*\)", "time"),
    (r"[0-9a-f]{64,}", "bytes"),
    (r"'oldest_s': [\d.]+|'failed_s': [\d.]+", "seconds"),
    # Ids: each node draws its own.
    (
        r"(\\*[\"'](?:id|endpoint|source|transaction|transaction_id|hold|reverses|place"
        r"|aggregateid)\\*[\"']: ?[\"']?)\d+",
        r"\1id",
    ),
    (r"\b(281474976710|562949953421)\d{3}\b", "id"),
    (r"'endpoints': \[[\d, id]*\]", "endpoints"),
]


async def answers(url: str) -> list[tuple[str, str]]:
    """Make all calls; return each with its answer, or its error."""
    conn = await connect(url)
    told = []
    for call in CALLS:
        query = await made(conn, call)
        try:
            told.append((call, quiet([dict(row) for row in await conn.fetch(query)])))
        except asyncpg.PostgresError as error:
            told.append((call, f"{error.sqlstate} {error} {error.detail}"))
    await conn.close()
    return told


def quiet(answer: Any) -> str:
    text = repr(plainly(answer))
    for pattern, name in NOISE:
        text = re.sub(pattern, name, text)
    return text


def plainly(answer: Any) -> Any:
    """Return it with the length of bytes in their place: what they hash differs from run to run."""
    if isinstance(answer, bytes):
        return f"{len(answer)} bytes"
    if isinstance(answer, list):
        return [plainly(one) for one in answer]
    if isinstance(answer, dict):
        return {name: plainly(one) for name, one in answer.items()}
    return answer


async def test_every_function_answers_the_same(cluster: Cluster) -> None:
    plain, scaled = await cluster.database(), await cluster.database()
    code, _, told = await run(scaled, "scale", "start")
    assert code == 0, told
    expected, found = await answers(plain), await answers(scaled)
    assert not [answer for _, answer in expected if answer[:2] in {"0A", "42", "22", "23", "XX"}]
    for one, other in zip(found, expected, strict=True):
        assert one == other


async def test_another_start_and_another_migration_change_nothing(scaled_url: str) -> None:
    code, told, _ = await run(scaled_url, "scale", "start")
    assert (code, told) == (0, "0 tables were distributed now.\n")
    code, told, _ = await run(scaled_url, "migrate")
    assert (code, told) == (0, "up to date\n")
    conn = await connect(scaled_url)
    await conn.execute("select zerosum.create_ledger('main')")
    assert await conn.fetch("select * from zerosum.verify(1)") == []
    await conn.close()
