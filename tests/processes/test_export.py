"""A whole ledger is exported, checked by a file that shares nothing with us, and imported the same."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import click
import pytest

from app.cli.export import export_ledger, import_ledger
from app.database.connections import call, connect
from tests.conftest import new_database
from tests.support import merkle
from tests.support.command import run
from tests.support.ledger import (
    about,
    codes,
    fund,
    hold,
    lease,
    post,
    posted,
    req,
    stamp,
    verify,
    wallet,
    wallets,
)
from tests.support.until import until

CHECK = Path(__file__).parents[2] / "docs/check_export.py"
PAID = req(("m1", "m2", 9), key="ä key"[2:], ref="r", description='ä\n"', metadata='{"a": 1.50}')


@pytest.fixture
async def busy(db: asyncpg.Connection) -> asyncpg.Connection:
    """All that a ledger can have; 612 events, and three more that wait in the outbox."""
    await wallets(db, ("m1", "m2", "m3", "empty"))
    await wallet(db, "poor", min_balance=-50, max_balance=10**37)
    await fund(db, "m1", 1000)
    for _ in range(3):
        await post(db, *[req(("m1", "m2", 1), ("m2", "m3", 1))] * 200)
    later = datetime.now(UTC) + timedelta(days=1)
    held = await posted(db, hold(("m1", "m3", 50), ("m1", "m2", 5), expires_at=later))
    await posted(db, about("capture", held["id"], postings=[{"posting": 1, "amount": "20"}]))
    soon = datetime.now(UTC) + timedelta(milliseconds=300)
    await posted(db, hold(("m1", "m3", 7), expires_at=soon))
    voided = await posted(db, hold(("m1", "m3", 7)))
    await posted(db, about("void", voided["id"]))
    paid = await posted(db, PAID)
    await posted(db, req(("m2", "m3", 5), ("m2", "poor", 4)))
    await posted(db, about("reversal", paid["id"], amount="4", force=True))
    await until(lambda: db.fetchval("select zerosum.expire_holds(1, 10, false)"))
    await db.execute("select zerosum.freeze_wallet(1, 'poor', true)")
    await db.execute("select zerosum.create_asset(1, 'POINTS', 0)")
    epoch = await lease(db, "r")
    while await stamp(db, "r", epoch):
        pass
    await db.execute("select zerosum.add_checkpoint(1, 'r', $1, 'o', 3, sha256(''), 'n')", epoch)
    await stamp(db, "r", epoch)
    await post(db, *[req(("m3", "m1", 1))] * 3)
    assert await verify(db) == []
    return db


@pytest.fixture
async def elsewhere(
    template: str, server_url: str
) -> AsyncIterator[tuple[asyncpg.Connection, str]]:
    """Another database, an empty one."""
    async with new_database(server_url, template) as url:
        conn = await connect(url)
        yield conn, url
        await conn.close()


async def exported(db: asyncpg.Connection) -> str:
    out = io.StringIO()
    await export_ledger(db, 1, out)
    return out.getvalue()


async def checked(file: Path, *kept: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        "-S",
        str(CHECK),
        str(file),
        *kept,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate()
    return process.returncode, out.decode()


def without_places(text: str) -> list[Any]:
    """Leave out the numbers in the outbox: each database has its own."""
    lines = [json.loads(line) for line in text.splitlines()]
    return [{name: line[name] for name in line if name != "ord"} for line in lines]


async def test_it_comes_back_the_same(
    busy: asyncpg.Connection,
    database_url: str,
    elsewhere: tuple[asyncpg.Connection, str],
    tmp_path: Path,
) -> None:
    other, url = elsewhere
    code, text, _ = await run(database_url, "export")
    assert (code, text) == (0, await exported(busy))
    file = tmp_path / "export"
    file.write_text(text)
    assert (await checked(file))[0] == 0
    code, said, told = await run(url, "import", str(file))
    assert (code, said) == (
        0,
        f"ledger main: {len(text.splitlines()) - 1} lines imported, all is well\n",
    ), told
    assert without_places(await exported(other)) == without_places(text)
    assert await verify(other) == []
    for function in ("log_state", "trial_balance", "list_wallets"):
        given: dict[str, Any] = {"after": None, "max": 100} if function == "list_wallets" else {}
        before = await call(busy, function, ledger=1, **given)
        assert await call(other, function, ledger=1, **given) == before
    # The ledger goes on: keys are known, ids and seqs follow, holds can be captured.
    assert await codes(other, PAID, PAID.but(ref="x")) == ["replayed", "idempotency_key_reused"]
    pending = await other.fetchval(
        "select hold_id from ledger.hold_postings where status = 'pending'"
    )
    assert await codes(other, about("capture", pending), req(("m1", "m2", 1))) == ["posted"] * 2
    epoch = await lease(other, "r")
    assert await stamp(other, "r", epoch) == 5
    assert await verify(other) == []
    code, _, told = await run(url, "import", str(file))
    assert (code, told) == (1, "Error: the ledger main is not empty\n")


async def test_purged_events_come_along_as_leaves(
    busy: asyncpg.Connection, elsewhere: tuple[asyncpg.Connection, str], tmp_path: Path
) -> None:
    other, _ = elsewhere
    state = await call(busy, "log_state", ledger=1)
    epoch = await lease(busy, "r")
    assert await busy.fetchval("select zerosum.bundle_events(1, 'r', $1, 0, 9)", epoch) == 2
    assert await busy.fetchval("select zerosum.purge_events(1, 'r', $1, 0, 9)", epoch) == 2
    assert await verify(busy) == []
    text, file = await exported(busy), tmp_path / "export"
    file.write_text(text)
    code, said = await checked(
        file, f"{state[0]['size']}:{base64.b64encode(state[0]['root']).decode()}"
    )
    assert code == 0, said
    await import_ledger(other, io.StringIO(text))
    assert without_places(await exported(other)) == without_places(text)
    assert await call(other, "log_state", ledger=1) == state
    assert await verify(other) == []
    moved = text.replace('"purged"', '"purged" ', 1).replace(
        '"transaction_ids": [1,', '"transaction_ids": [2,'
    )
    file.write_text(moved)
    assert moved != text
    assert (await checked(file))[0] == 1


async def test_the_check_knows_roots_that_were_kept(
    busy: asyncpg.Connection, tmp_path: Path
) -> None:
    file = tmp_path / "export"
    file.write_text(await exported(busy))
    rows = await busy.fetch("select body from ledger.events order by seq")
    leaves = [merkle.leaf(row["body"].encode()) for row in rows]
    kept = []
    for size in (1, 256, 300, len(leaves)):
        kept.append(f"{size}:{base64.b64encode(merkle.root(leaves[:size])).decode()}")
    code, said = await checked(file, *kept)
    assert (code, said.split(" (")[0]) == (0, "all is well")
    wrong = kept[1].replace("256:", "257:")
    assert await checked(file, kept[0], wrong) == (
        1,
        f"the log had another root at 257\n1 faults (612 transactions, 6 wallets, {len(leaves)} events)\n",
    )
    assert (await checked(file, "9999:x"))[0] == 1


TAMPER = {
    "an entry": ('"amount": 9,', '"amount": 8,'),
    "a balance": ('"posted": 4', '"posted": 5'),
    "a version": ('"version": 2}', '"version": 3}'),
    "a limit": ('"min_balance": -50', '"min_balance": 5'),
    "what is held": ('"held": 30', '"held": 31'),
    "a status": ('"status": "expired"', '"status": "voided"'),
    "what is reversed": ('"reversed": 4', '"reversed": 3'),
    "a reference": ('"reference": "r"', '"reference": "s"'),
    "the size": ('"size": 6', '"size": 5'),
    "an event": ('\\"amount\\":9', '\\"amount\\":90'),
    "the ledger": ('"ledger": "main"', '"ledger": "mine"'),
}


@pytest.mark.parametrize("what", TAMPER)
async def test_what_was_changed_is_found(
    busy: asyncpg.Connection,
    elsewhere: tuple[asyncpg.Connection, str],
    tmp_path: Path,
    what: str,
) -> None:
    old, new = TAMPER[what]
    text = await exported(busy)
    assert old in text
    await refused(elsewhere[0], tmp_path, text.replace(old, new, 1))


@pytest.mark.parametrize("part", ["transaction", "hold", "reversed", "wallet", "event", "outbox"])
async def test_what_is_missing_is_found(
    busy: asyncpg.Connection,
    elsewhere: tuple[asyncpg.Connection, str],
    tmp_path: Path,
    part: str,
) -> None:
    lines = (await exported(busy)).splitlines(keepends=True)
    mine = [number for number, line in enumerate(lines) if f'"part": "{part}"' in line]
    for number in (mine[0], mine[-1]):
        if '"id": "empty"' not in lines[number]:
            await refused(elsewhere[0], tmp_path, "".join(lines[:number] + lines[number + 1 :]))
    doubled = [*lines[: mine[0]], lines[mine[0]], *lines[mine[0] :]]
    if part != "outbox":
        await refused(elsewhere[0], tmp_path, "".join(doubled))


async def refused(other: asyncpg.Connection, room: Path, text: str) -> None:
    """The check refuses it, and so does the import, which writes nothing."""
    file = room / "export"
    file.write_text(text)
    code, said = await checked(file)
    assert code == 1, said
    assert "Traceback" not in said
    with pytest.raises((click.ClickException, asyncpg.PostgresError)):
        await import_ledger(other, io.StringIO(text))
    for table in ("wallets", "transactions", "entries", "events", "outbox", "tiles"):
        assert await other.fetchval(f"select count(*) from ledger.{table}") == 0


@pytest.mark.parametrize("text", ["", "{}", "[]", "nonsense", '{"format": "zerosum-export@v2"}'])
async def test_what_is_no_export_is_refused(
    elsewhere: tuple[asyncpg.Connection, str], text: str
) -> None:
    with pytest.raises(click.ClickException, match="zerosum-export@v1"):
        await import_ledger(elsewhere[0], io.StringIO(text))


async def test_lines_that_are_none_are_refused(
    busy: asyncpg.Connection, elsewhere: tuple[asyncpg.Connection, str]
) -> None:
    lines = (await exported(busy)).splitlines()
    for bad in ("", "5", "{}", '{"part": "key"}', lines[1][:-1]):
        with pytest.raises(click.ClickException, match="line 3 is not"):
            await import_ledger(elsewhere[0], io.StringIO("\n".join([*lines[:2], bad, *lines[2:]])))
    with pytest.raises(click.ClickException, match="comes too late"):
        await import_ledger(elsewhere[0], io.StringIO("\n".join([*lines, lines[1]])))
