"""A primary with a standby that follows it by streaming, both real."""

from __future__ import annotations

import asyncio
import contextlib
import os
from pathlib import Path

import asyncpg

from app.database.connections import connect
from app.host.embedded import EmbeddedPostgres, start_embedded
from app.host.migrate import migrate
from tests.support.rooms import let_in


class Pair:
    """primary and standby, in a folder that every user may enter."""

    def __init__(self, room: Path) -> None:
        let_in(room)
        self.room = room
        self.primary = start_embedded(room / "primary")
        self.standby: EmbeddedPostgres | None = None

    async def open(self) -> None:
        """Migrate the primary, and let the standby follow."""
        conn = await connect(self.primary.url)
        await migrate(conn)
        await conn.close()
        await asyncio.to_thread(self.copy)

    def copy(self) -> None:
        data = self.room / "standby"
        wanted = ("-D", data, "-R", "-c", "fast")
        done = self.primary.run(
            "pg_basebackup", "-h", self.primary.socket_dir, "-U", "postgres", *wanted
        )
        assert done.returncode == 0, done.stdout
        for path in (data / "log", *data.glob(".s.PGSQL.*")):  # The primary's.
            path.unlink()
        self.standby = start_embedded(data)

    def promote(self) -> None:
        assert self.standby is not None
        done = self.standby.run("pg_ctl", "promote", "-D", self.standby.data_dir, "-w")
        assert done.returncode == 0, done.stdout

    @property
    def standby_url(self) -> str:
        assert self.standby is not None
        return self.standby.url

    async def pause(self, paused: bool = True) -> None:
        """Let the standby stop replaying, or go on."""
        conn = await asyncpg.connect(self.standby_url)
        await conn.execute(f"select pg_wal_replay_{'pause' if paused else 'resume'}()")
        await conn.close()

    def signal(self, sig: int) -> None:
        """Send a signal to every process of the standby."""
        assert self.standby is not None
        postmaster = int((self.standby.data_dir / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        for pid in [postmaster, *map(int, children)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, sig)

    def close(self) -> None:
        if self.standby is not None:
            self.standby.stop()
        self.primary.stop()
