"""The database's clock jumps, by libfaketime: forward for a moment, and back."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from app import metrics
from app.database.connections import call, connect, open_pool
from app.host.embedded import start_embedded
from app.host.migrate import migrate
from relay.relay import Relay
from relay.webhooks.sender import WebhookSender
from tests.support.debian import FAKETIME
from tests.support.ledger import about, codes, fund, hold, lease, posted, req, verify, wallets
from tests.support.rooms import let_in, quick_root


class Clock:
    """A file from which the server's processes read the offset of their time."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.set("+0")

    def set(self, offset: str) -> None:
        """Set an offset such as +2d or -1h."""
        half = self.file.with_suffix(".half")
        half.write_text(offset + "\n")
        half.chmod(0o644)
        half.rename(self.file)


@pytest.fixture
async def clocked(
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[tuple[asyncpg.Connection, Clock, str]]:
    if not FAKETIME.exists():
        pytest.skip("libfaketime is not installed")
    room = Path(tempfile.mkdtemp(prefix="zerosum-clock-", dir=quick_root()))
    let_in(room)
    clock = Clock(room / "offset")
    with monkeypatch.context() as environ:
        environ.setenv("LD_PRELOAD", str(FAKETIME))
        environ.setenv("FAKETIME_TIMESTAMP_FILE", str(clock.file))
        environ.setenv("FAKETIME_NO_CACHE", "1")
        environ.setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        server = start_embedded(room / "data")
    try:
        conn = await connect(server.url)
        await migrate(conn)
        await call(conn, "create_ledger", name="main")
        yield conn, clock, server.url
        await conn.close()
    finally:
        server.stop()
        shutil.rmtree(room)


async def test_a_jump_forward_is_over_when_the_clock_is_back(
    clocked: tuple[asyncpg.Connection, Clock, str],
) -> None:
    db, clock, _ = clocked
    await wallets(db, ("alice", "bob", "carol"))
    for name in ("alice", "bob"):
        await fund(db, name, 100)
    in_an_hour = datetime.now(UTC) + timedelta(hours=1)
    kept = (await posted(db, hold(("bob", "carol", 10), expires_at=in_an_hour)))["id"]
    clock.set("+2d")
    # One transaction, of alice and @world, sees the jump.
    await fund(db, "alice", 1)
    jumped = "select recorded_at > clock_timestamp() + interval '1 day' from ledger.wallets where id = $1"
    clock.set("+0")
    assert await db.fetchval(jumped, "alice")
    # A batch has wallets that saw the jump and others. Nobody takes over the future time, and
    # nothing expires.
    assert await codes(db, req(("alice", "bob", 1)), req(("bob", "carol", 1))) == ["posted"] * 2
    for name in ("alice", "bob", "carol"):
        assert not await db.fetchval(jumped, name)
    assert await codes(db, about("capture", kept, amount="4")) == ["posted"]
    assert await codes(db, hold(("alice", "bob", 5), expires_at=in_an_hour)) == ["posted"]
    assert await verify(db) == []


async def test_a_lease_from_before_the_clock_went_back_is_not_believed(
    clocked: tuple[asyncpg.Connection, Clock, str],
) -> None:
    db, clock, _ = clocked
    clock.set("+1h")
    first = await lease(db, "gone", 5)
    assert first
    clock.set("+0")
    second = await lease(db, "new", 5)
    assert second > first
    assert await lease(db, "gone", 5) == 0


async def test_a_jump_is_told(
    clocked: tuple[asyncpg.Connection, Clock, str], caplog: pytest.LogCaptureFixture
) -> None:
    _, clock, url = clocked
    caplog.set_level(logging.WARNING, "zerosum.relay")
    pool = await open_pool(url, 2)
    relay = Relay(pool, None, WebhookSender(()), carries=False)
    for offset in ("+0", "+1h", "+1h", "+0"):
        clock.set(offset)
        await relay.look()
        await asyncio.sleep(0.1)
    told = [r.getMessage() for r in caplog.records]
    assert [line.split(" by ")[0] for line in told] == [
        "the database's clock went forward",
        "the database's clock went back",
    ]
    for direction in ("forward", "back"):
        name = "zerosum_database_clock_jumps_total"
        assert metrics.REGISTRY.get_sample_value(name, {"direction": direction}) == 1
    await pool.close()
    assert os.environ.get("LD_PRELOAD") is None
