"""sql/schema.sql is what the migrations create: read it instead of them. `make schema` writes it."""

from __future__ import annotations

import asyncio

from app.host.migrate import SQL
from sql.dump import made_schema


async def test_the_committed_schema_is_what_the_migrations_make() -> None:
    assert (SQL / "schema.sql").read_text() == await asyncio.to_thread(made_schema)
