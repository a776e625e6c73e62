"""Fingerprints are stored with each transaction and tell repeats from other requests, so they may
never change.

The release before the function had a name wrote these.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from tests.support.ledger import about, fund, hold, post, req, wallets

WHEN = datetime(2020, 2, 29, 12, 30, 0, 250000, tzinfo=UTC)
RICH: dict[str, Any] = {
    "ref": 'r"é\n',
    "description": "d\u2028",
    "metadata": '{"b": 1.50, "a": {"z": null}}',
    "effective": WHEN,
}
REQUESTS = {
    "transfer": req(("m1", "m2", 7)),
    "transfer, rich": req(("m1", "m2", 7), **RICH),
    "transfer, empty metadata": req(("m1", "m2", 7), metadata="{}"),
    "transfer, conditions": req(
        ("m1", "m2", 7), conditions=json.dumps([{"wallet": "m1", "min_available_after": "5"}])
    ),
    "credit": req(("@world", "m1", 10**20), kind="credit"),
    "debit": req(("m1", "@world", 3), kind="debit"),
    "transaction": req(("m1", "m2", 1), ("m1", "m3", 2), kind="transaction"),
    "transaction of one": req(("m1", "m2", 1), kind="transaction"),
    "hold": hold(("m1", "m2", 4), expires_at=datetime(2999, 1, 1, tzinfo=UTC)),
    "hold, plain": hold(("m1", "m2", 4), ("m1", "m3", 5)),
}

GOLDEN: dict[str, Any] = {
    "transfer": "b92d1d8fe6a38dbef595ba67d08956808b15ad8bbfd39c36d05ce396a658cbe8",
    "transfer, rich": "c2fb3e7144b3c3fcddda616a4c12a810da74abbfc9910d304fefb0bedbdbfc51",
    "transfer, empty metadata": "b92d1d8fe6a38dbef595ba67d08956808b15ad8bbfd39c36d05ce396a658cbe8",
    "transfer, conditions": "a415a34f0e1eea0e514e779367966079a2ae33a31613d41406747db111c68e54",
    "credit": "7593cf49d0f19d1bf88e5973a938e5e3ba6218636713fdb93a48cb8b282358a4",
    "debit": "d2bf3b3ba0df02c6239b935249b7749123a6692ae5a3acd87a0a68a4b30ec8e0",
    "transaction": "5d44f94c0607654bbee8988bbbb9806886308e9d54dbc38ad28aa5ba0c07e4bf",
    "transaction of one": "7a16350d5e8b7609196d1c1466df9c88476cde57971e0be6704522d5e0b00882",
    "hold": "10fb5f55be04bccbbc0c83ca3f922c0bbdf03b7427542036d83885670ec8120d",
    "hold, plain": "7319e12eff618cfeb1fe5a88eb9c9eebd9a1439b4fa80e02aaaf20873a28fad5",
    "capture": "26845d4ed8bc99ef59c961e974189615c9434916452b9b13eb977a2a187279eb",
    "void": "e6cc519f65de61bcbe84887c3e2dece649deb31ece15cee15702669b7b6613f5",
    "reversal": "7c5dddddf82c708b91cbd7fc57c02324892efc983aa691eeadca953c641466f3",
    "unit": [
        "d78e2bedfd8a332f3c71cad6a47d79ac168d306221838ca55950826235cf79d7",
        "f02e191dbd7439408b95ec4db59c04804f2aa11617cb6a3c18b6aa6c9b748dfb",
        "51bac3390be73db3544a111b573930f6d6437b449a9b76eebf6bd3d3667b2105",
    ],
}


async def fingerprint(db: asyncpg.Connection, request: Any) -> str:
    ((outcome, body),) = await post(db, request)
    assert outcome == "posted", body
    told: str = await db.fetchval(
        "select encode(fingerprint, 'hex') from ledger.transactions where id = $1",
        json.loads(body)["id"],
    )
    return told


@pytest.fixture
async def peopled(db: asyncpg.Connection) -> asyncpg.Connection:
    await wallets(db, ("m1", "m2", "m3"))
    await fund(db, "m1", 1000)
    return db


@pytest.mark.parametrize("name", REQUESTS)
async def test_a_fingerprint_is_what_it_was(peopled: asyncpg.Connection, name: str) -> None:
    assert await fingerprint(peopled, REQUESTS[name]) == GOLDEN[name]


async def test_what_is_about_another_has_its_number(peopled: asyncpg.Connection) -> None:
    """The sequence begins at 1 in each database: the credit, a hold, its capture, a hold, its void,
    a reversal."""
    one = hold(("m1", "m2", 4))
    await post(peopled, one)
    got = {"capture": await fingerprint(peopled, about("capture", 2, amount="3", final=True))}
    await post(peopled, one)
    got["void"] = await fingerprint(peopled, about("void", 4))
    got["reversal"] = await fingerprint(peopled, about("reversal", 1, amount="9"))
    assert got == {name: GOLDEN[name] for name in got}


async def test_of_an_atomic_batch_it_is_over_all_of_it(peopled: asyncpg.Connection) -> None:
    batch = [req(("m1", "m2", 1), unit=1), req(("m2", "m3", 1), unit=1), req(("m1", "m3", 1))]
    assert [outcome for outcome, _ in await post(peopled, *batch)] == ["posted"] * 3
    rows = await peopled.fetch(
        "select encode(fingerprint, 'hex') as told from ledger.transactions where id > 1 order by id"
    )
    assert [row["told"] for row in rows] == GOLDEN["unit"]
