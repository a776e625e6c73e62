"""Write sql/schema.sql: the tables, triggers and functions that migrating creates, for people to
read.

`python -m sql.dump` migrates a fresh database of an embedded Postgres and dumps it. What differs
between machines (versions, settings, ownership, privileges) is left out.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import tempfile
from pathlib import Path

from app.database.connections import connect
from app.host.embedded import programs, start_embedded
from app.host.migrate import SQL, migrate, release_of

LEFT_OUT = re.compile(r"^(--.*|SET .*|SELECT pg_catalog\.set_config.*|\\(un)?restrict .*)$", re.M)


def dump(url: str) -> str:
    """Return the schemas ledger and zerosum of this database as SQL text."""
    done = subprocess.run(  # noqa: S603
        [
            programs() / "pg_dump",
            "--schema-only",
            "--no-owner",
            "--no-privileges",
            "--schema=ledger",
            "--schema=zerosum",
            f"--dbname={url}",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    return re.sub(r"\n{3,}", "\n\n", LEFT_OUT.sub("", done.stdout)).strip() + "\n"


async def migrate_url(url: str) -> None:
    conn = await connect(url)
    await migrate(conn)
    await conn.close()


def made_schema() -> str:
    """Return what migrating makes of an empty database, on an embedded Postgres of its own."""
    with tempfile.TemporaryDirectory(prefix="zerosum-dump-") as room:
        Path(room).chmod(0o755)
        server = start_embedded(Path(room) / "data")
        try:
            asyncio.run(migrate_url(server.url))
            return dump(server.url)
        finally:
            server.stop()


def count_up() -> None:
    """Store the digest of the functions in sql/release, and increase its number if they have
    changed: so that an older release recognizes a newer one's database."""
    kept = (SQL / "release").read_text().split()
    number, digest = release_of(SQL)
    if kept[1:] != [digest]:
        (SQL / "release").write_text(f"{number + 1} {digest}\n")


if __name__ == "__main__":
    count_up()
    (SQL / "schema.sql").write_text(made_schema())
