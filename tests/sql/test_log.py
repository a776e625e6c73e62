"""The Merkle log of a ledger's events: tiles, root, inclusion and consistency, compared with RFC
6962's own definitions."""

from __future__ import annotations

from hashlib import sha256

import asyncpg
import pytest

from tests.support import merkle
from tests.support.ledger import bodies, fund, lease, post, raises, req, stamp, verify, wallets
from tests.support.log import logged


async def root(db: asyncpg.Connection, size: int) -> bytes:
    found: bytes = await db.fetchval("select zerosum.log_root(1, 0, $1)", size)
    return found


async def inclusion(db: asyncpg.Connection, seq: int, size: int) -> list[bytes] | None:
    found: list[bytes] | None = await db.fetchval(
        "select zerosum.log_inclusion(1, $1, $2)", seq, size
    )
    return found


async def consistency(db: asyncpg.Connection, old: int, size: int) -> list[bytes] | None:
    found: list[bytes] | None = await db.fetchval(
        "select zerosum.log_consistency(1, $1, $2)", old, size
    )
    return found


async def test_every_proof_of_a_small_log(db: asyncpg.Connection) -> None:
    leaves = await logged(db, 20)
    for size in range(21):
        assert await root(db, size) == merkle.root(leaves[:size])
        for seq in range(1, size + 1):
            assert await inclusion(db, seq, size) == merkle.path(seq - 1, leaves[:size])
            assert await consistency(db, seq, size) == merkle.consistency(seq, leaves[:size])
        assert await consistency(db, 0, size) == []


@pytest.mark.parametrize("fill", [True, False], ids=["tiles", "leaves alone"])
async def test_proofs_across_tiles(db: asyncpg.Connection, fill: bool) -> None:
    """The same whether the tiles are stored yet or not."""
    leaves = await logged(db, 1100, fill)
    for size in (255, 256, 257, 511, 512, 513, 1023, 1024, 1025, 1100):
        now = leaves[:size]
        assert await root(db, size) == merkle.root(now)
        for seq in {1, 2, 100, 255, 256, 257, 512, 513, size - 1, size}:
            if seq <= size:
                assert await inclusion(db, seq, size) == merkle.path(seq - 1, now)
                assert await consistency(db, seq, size) == merkle.consistency(seq, now)


async def test_three_levels_of_tiles(db: asyncpg.Connection) -> None:
    """The specification's own example: 273 full tiles and 112 more leaves, a full tile of level 1
    and 17 more roots."""
    leaves = await logged(db, 70_000)
    rows = await db.fetch("select level, count(*) from ledger.tiles group by level order by level")
    assert [tuple(row) for row in rows] == [(0, 273), (1, 1)]
    whole = merkle.root(leaves)
    assert await root(db, 70_000) == whole
    for seq in (1, 65_536, 65_537, 69_999, 70_000):
        assert await inclusion(db, seq, 70_000) == merkle.path(seq - 1, leaves)
    for old in (1, 65_535, 65_536, 65_537, 69_888):
        assert await consistency(db, old, 70_000) == merkle.consistency(old, leaves)
    first = await db.fetchval("select hashes from ledger.tiles where level = 1")
    assert first[:32] == merkle.root(leaves[:256])
    assert await db.fetchval("select root from ledger.tiles where level = 1") == merkle.root(
        leaves[:65_536]
    )


async def test_what_is_not_in_the_log_has_no_proof(db: asyncpg.Connection) -> None:
    await logged(db, 10)
    for seq, size in ((0, 10), (-1, 10), (11, 10), (1, 11), (11, 11), (5, 4), (1, 0)):
        assert await inclusion(db, seq, size) is None
    for old, size in ((-1, 10), (5, 4), (1, 11), (11, 11)):
        assert await consistency(db, old, size) is None
    assert await db.fetchval("select zerosum.log_inclusion(77, 1, 1)") is None
    assert await db.fetchval("select zerosum.log_root(77, 0, 0)") == sha256(b"").digest()


async def test_stamping_keeps_full_tiles(db: asyncpg.Connection) -> None:
    """In whatever steps it stamps, each tile is stored once, from the events' own bytes."""
    await wallets(db, ("ann", "bob"))
    await fund(db, "ann", 1000)
    for _ in range(4):
        await post(db, *[req(("ann", "bob", 1))] * 200)
    epoch = await lease(db, "r")
    for limit in (255, 1, 1, 300, 500):
        await stamp(db, "r", epoch, limit)
    told_bodies = await bodies(db)
    assert len(told_bodies) == 801
    leaves = [merkle.leaf(body) for body in told_bodies]
    tiles = await db.fetch("select * from ledger.tiles order by number")
    assert [(tile["level"], tile["number"]) for tile in tiles] == [(0, 0), (0, 1), (0, 2)]
    for tile in tiles:
        mine = leaves[tile["number"] * 256 : (tile["number"] + 1) * 256]
        assert tile["hashes"] == b"".join(mine)
        assert tile["root"] == merkle.root(mine)
    assert await root(db, 801) == merkle.root(leaves)
    assert await verify(db) == []


async def test_tiles_are_never_changed(db: asyncpg.Connection) -> None:
    await logged(db, 256)
    for statement in (
        "update ledger.tiles set root = root",
        "delete from ledger.tiles",
        "truncate ledger.tiles",
    ):
        await raises("ZS902", db.execute(statement))
