"""`zerosum top` tells what the ledgers do."""

from __future__ import annotations

import asyncpg

from app.cli.top import Ledger, lines
from tests.support.command import run
from tests.support.ledger import fund, lease, stamp, wallets
from tests.support.webhooks import subscribe


async def test_a_line_for_each_ledger(db: asyncpg.Connection, database_url: str) -> None:
    await wallets(db, ("alice",))
    await subscribe(db, "https://shop.example")
    for _ in range(3):
        await fund(db, "alice", 1)
    await stamp(db, "r", await lease(db, "r"), 2)
    code, said, told = await run(database_url, "top", "--once", "--interval", "0.5")
    assert code == 0, told
    head, main, other = said.splitlines()
    assert head.split() == [
        "ledger",
        "events/s",
        "events",
        "outbox",
        "oldest",
        "endpoints",
        "behind",
        "sinks",
        "relay",
    ]
    assert main.split()[:4] == ["main", "0.0", "2", "1"]
    assert "1 ok" in main
    assert main.split()[-3:] == ["2", "none", "r"]
    assert other.split()[:3] == ["test", "0.0", "0"]
    assert "\x1b" not in said


def test_rates_and_columns() -> None:
    before = {"a": Ledger(10, 0, 0.0, (0, 0, 0), 0, "none", None)}
    now = {
        "a": Ledger(30, 5, 1.25, (1, 2, 3), 40, "paused", None),
        "longer-name": Ledger(7, 0, 0.0, (0, 0, 0), 0, "ok", None),
    }
    told = list(lines(before, now, 4.0))
    assert "5.0" in told[1]
    assert "1 ok, 2 failing, 3 disabled" in told[1]
    assert told[2].startswith("longer-name")
    assert len({line.index("endpoints") for line in told[:1]}) == 1
    assert told[1].index("1 ok") == told[0].index("endpoints")
