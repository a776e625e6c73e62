"""`zerosum verify` and `zerosum migrate` as a person runs them."""

from __future__ import annotations

import json
import re
from functools import partial
from typing import Any

import asyncpg
import pytest

from tests.support.command import zerosum
from tests.support.faults import DISABLE
from tests.support.ledger import fund, lease, stamp, wallets


async def zerosum_said(url: str, *arguments: str) -> str:
    code, out = await zerosum(url, *arguments)
    assert code == 0, out
    return out


async def test_verify_tells_each_fault_and_ends_with_1(
    db: asyncpg.Connection, database_url: str
) -> None:
    await wallets(db, ("alice",))
    await fund(db, "alice", 10)
    code, said = await zerosum(database_url, "verify")
    assert code == 0
    ended = r"all is well up to event 0:[A-Za-z0-9+/]{43}= \(\d\.\d s\)\n"
    assert re.fullmatch(f"ledger main: {ended}ledger test: {ended}", said)
    assert await stamp(db, "r", await lease(db, "r")) == 1
    code, said = await zerosum(database_url, "verify")
    # A short verification prints no progress.
    assert (code, len(said.splitlines())) == (0, 2), said
    await db.execute(
        "alter table ledger.wallets disable trigger wallets_account;"
        "update ledger.wallets set posted = 11 where id = 'alice';"
        "alter table ledger.wallets enable always trigger wallets_account"
    )
    code, said = await zerosum(database_url, "verify")
    assert code == 1
    assert "main: wallet alice: posted 11, entries sum to 10\n" in said
    assert "ledger main: 1 faults up to event 1:" in said


async def test_the_last_verification_is_kept(db: asyncpg.Connection, database_url: str) -> None:
    """For /v1/proof and the console; a standby, which can't keep it, is verified all the same."""
    await wallets(db, ("alice", "bob"))
    await fund(db, "alice", 5)
    last = "select body::jsonb from zerosum.last_verification(1)"
    assert await db.fetchval(last) is None
    assert (await zerosum(database_url, "verify"))[0] == 0
    told = json.loads(await db.fetchval(last))
    assert (told["seq"], told["faults"]) == (0, 0)
    await db.execute(f"{DISABLE} update ledger.wallets set posted = posted + 1 where id = 'alice'")
    assert (await zerosum(database_url, "verify"))[0] == 1
    assert json.loads(await db.fetchval(last))["faults"] > 0
    database = await db.fetchval("select current_database()")
    await db.execute(f"alter database {database} set default_transaction_read_only = on")
    code, said = await zerosum(database_url, "verify")
    assert (code, "Traceback" in said) == (1, False)


async def test_verify_since_an_earlier_proof(db: asyncpg.Connection, database_url: str) -> None:
    await wallets(db, ("alice",))
    await fund(db, "alice", 10)
    await stamp(db, "r", await lease(db, "r"))
    verify = ("verify", "--ledger", "main")
    _, said = await zerosum(database_url, *verify)
    told = re.search(r"up to event (1:\S+) ", said)
    assert told is not None
    await fund(db, "alice", 10)
    await stamp(db, "r", await lease(db, "r"))
    code, said = await zerosum(database_url, *verify, "--since", told[1])
    assert (code, said.startswith("ledger main: all is well up to event 2:")) == (0, True)
    code, said = await zerosum(database_url, *verify, "--since", "1:" + "A" * 43 + "=")
    assert code == 1
    assert "main: log: its root at 1 is another than it was\n" in said
    code, said = await zerosum(database_url, *verify, "--since", "3")
    assert (code, "main: log: it ends at 2, before event 3\n" in said) == (1, True)
    for wrong in (("verify", "--since", "1"), (*verify, "--since", "x"), (*verify[:2], "nowhere")):
        code, said = await zerosum(database_url, *wrong)
        assert code != 0
        assert "Error: " in said


async def test_migrate_says_what_it_did(database_url: str) -> None:
    assert await zerosum(database_url, "migrate") == (0, "up to date\n")


async def test_a_database_that_is_not_there_is_one_sentence(database_url: str) -> None:
    code, said = await zerosum("postgresql://postgres@127.0.0.1:1/x", "verify")
    assert code == 3
    assert said.startswith("zerosum: can't connect to the database (")
    assert "Traceback" not in said


async def test_money_moves_from_a_terminal(database_url: str) -> None:
    said = partial(zerosum_said, database_url)
    await said("ledgers", "create", "shop")
    assert (await said("ledgers", "list")).split() == ["main", "test", "shop"]
    for name in ("alice", "bob"):
        await said("wallets", "create", "--ledger", "shop", name, "EUR")
    await said("credit", "--ledger", "shop", "alice", "100")
    moved = json.loads(
        await said("transfer", "--ledger", "shop", "--key", "k", "alice", "bob", "30")
    )
    assert moved["entries"][0]["balance"] == 70
    listed = [
        json.loads(line)
        for line in (await said("wallets", "list", "--ledger", "shop")).splitlines()
    ]
    assert {w["id"]: w["posted"] for w in listed} == {"@world:EUR": -100, "alice": 70, "bob": 30}
    code, out = await zerosum(database_url, "transfer", "--ledger", "shop", "alice", "bob", "999")
    assert code == 1
    assert out.endswith(" (insufficient_funds)\n")
    assert (await zerosum(database_url, "credit", "--ledger", "nil", "a", "1"))[0] == 1
    assert (await zerosum(database_url, "credit", "alice", "1.5"))[0] == 2


@pytest.mark.slow
async def test_holds_and_reversals_from_a_terminal(database_url: str) -> None:
    async def said(*arguments: str) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(await zerosum_said(database_url, *arguments))
        return told

    for name in ("alice", "bob", "eva"):
        await said("wallets", "create", name, "EUR")
    await said("credit", "alice", "100")
    placed = await said("hold", "alice", "bob", "60", "--expires-at", "2040-01-31T12:00:00+01:00")
    assert placed["expires_at"] == "2040-01-31T11:00:00.000000Z"
    number = str(placed["id"])
    taken = await said("capture", number, "--amount", "20", "--destination", "eva", "--key", "c")
    assert (taken["hold"]["remaining"], taken["postings"][0]["destination"]) == (40, "eva")
    assert (await said("capture", number, "--amount", "10", "--final"))["hold"]["remaining"] == 0
    other = await said("hold", "alice", "bob", "5")
    assert (await said("void", str(other["id"])))["hold"]["status"] == "voided"
    _, listed = await zerosum(database_url, "holds")
    assert [json.loads(line)["status"] for line in listed.splitlines()] == ["voided", "captured"]
    _, listed = await zerosum(database_url, "holds", "--before", str(other["id"]))
    assert [json.loads(line)["id"] for line in listed.splitlines()] == [placed["id"]]
    await said("debit", "eva", "15")
    assert (await zerosum(database_url, "reverse", str(taken["id"])))[0] == 1
    forced = await said("reverse", str(taken["id"]), "--amount", "18", "--force")
    assert forced["forced"] == [{"wallet": "eva", "floor_debt": 13}]
    for wrong in (
        ("hold", "alice", "bob", "5", "--expires-at", "tomorrow"),
        ("hold", "alice", "bob", "5.5"),
        ("capture", "x"),
        ("void", "9" * 20),
        ("reverse", "1", "--amount", "-1"),
    ):
        code, out = await zerosum(database_url, *wrong)
        assert (code, "Error: " in out) == (2, True), out


async def test_keys_are_made_listed_and_revoked(database_url: str) -> None:
    _, key = await zerosum(database_url, "keys", "create", "--scope", "read")
    assert re.fullmatch(r"zs_[A-Za-z0-9_-]{32}\n", key)
    _, listed = await zerosum(database_url, "keys", "list")
    (row,) = [json.loads(line) for line in listed.splitlines()]
    assert (row["scope"], row["revoked_at"], key.strip() in listed) == ("read", None, False)
    assert (await zerosum(database_url, "keys", "revoke", str(row["id"])))[0] == 0
    _, listed = await zerosum(database_url, "keys", "list")
    assert json.loads(listed)["revoked_at"] is not None
    assert (await zerosum(database_url, "keys", "revoke", "999"))[0] == 1
