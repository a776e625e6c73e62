"""Commands that work on all of a database, on Citus."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from app.database.connections import connect
from app.host.citus import scaling
from tests.support.command import begin, run, zerosum


async def test_a_loss_of_the_end_is_declared_ledger_by_ledger(scaled_url: str) -> None:
    conn = await connect(scaled_url)
    for number, name in enumerate(("main", "shop"), 1):
        await conn.execute("select zerosum.create_ledger($1)", name)
        await conn.execute("select * from zerosum.create_wallet($1, 'alice', 'USD')", number)
        await conn.execute("select * from zerosum.credit($1, 'alice', 100)", number)
    code, said, told = await run(
        scaled_url, "restored", "--seen", "main=7", "--skip", "2", "--yes", "--json"
    )
    assert code == 0, told
    assert {one["ledger"]: one["restored_seq"] for one in map(json.loads, said.splitlines())} == {
        "main": 8,
        "shop": 3,
    }
    await conn.execute("select * from zerosum.credit(1, 'alice', 100)")
    ids = await conn.fetch("select id from ledger.transactions where ledger_id = 1 order by id")
    assert ids[1]["id"] > ids[0]["id"] + 999_999_999
    await conn.close()
    code, told = await zerosum(scaled_url, "verify")
    assert code == 0, told


async def test_an_export_is_made_and_not_read(scaled_url: str, tmp_path: Path) -> None:
    conn = await connect(scaled_url)
    await conn.execute("select zerosum.create_ledger('main')")
    await conn.close()
    code, text, told = await run(scaled_url, "export")
    assert code == 0, told
    file = tmp_path / "export"
    file.write_text(text)
    code, told = await zerosum(scaled_url, "import", str(file))
    assert code == 1
    assert "scale that" in told


async def test_a_move_says_that_it_waits_for_another(scaled_url: str) -> None:
    conn = await connect(scaled_url)
    await conn.execute("select zerosum.create_ledger('main')")
    (place,) = await scaling.places(conn)
    await scaling.take_turns(conn, scaling.unheard)
    command = await begin(scaled_url, "scale", "move", "main", str(place.node))
    assert command.stderr is not None
    async with asyncio.timeout(30):
        assert b"This one waits" in await command.stderr.readline()
        await conn.close()
        assert await command.wait() == 0
