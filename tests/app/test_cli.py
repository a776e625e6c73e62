"""`zerosum verify` and `zerosum migrate` as a person runs them."""

from __future__ import annotations

import asyncio
import os
import sys

import asyncpg

from tests.ledger import fund, wallets


async def zerosum(url: str, *arguments: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "DATABASE_URL": url},
    )
    out, _ = await process.communicate()
    return process.returncode, out.decode()


async def test_verify_tells_each_fault_and_ends_with_1(
    db: asyncpg.Connection, database_url: str
) -> None:
    await wallets(db, ("alice",))
    await fund(db, "alice", 10)
    well = "ledger main: all is well\nledger test: all is well\n"
    assert await zerosum(database_url, "verify") == (0, well)
    await db.execute(
        "alter table ledger.wallets disable trigger wallets_forward;"
        "alter table ledger.wallets disable trigger wallets_account;"
        "update ledger.wallets set posted = 11 where id = 'alice';"
        "alter table ledger.wallets enable always trigger wallets_forward;"
        "alter table ledger.wallets enable always trigger wallets_account"
    )
    code, said = await zerosum(database_url, "verify")
    assert code == 1
    assert "main: wallet alice: posted 11, entries sum to 10\n" in said
    assert "ledger main: 1 faults\n" in said


async def test_migrate_says_what_it_did(database_url: str) -> None:
    assert await zerosum(database_url, "migrate") == (0, "up to date\n")


async def test_a_database_that_is_not_there_is_one_sentence(database_url: str) -> None:
    code, said = await zerosum("postgresql://postgres@127.0.0.1:1/x", "verify")
    assert code == 2
    assert said.startswith("zerosum: the database says: ")
    assert "Traceback" not in said
