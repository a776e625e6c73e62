"""sql/schema.sql is what the migrations make: read it instead of them. `make schema` writes it anew."""

from __future__ import annotations

import os

import pytest

from app.migrate import SQL
from sql.dump import dump


@pytest.mark.skipif(
    bool(os.environ.get("DATABASE_URL")), reason="the dump is of the embedded Postgres's version"
)
async def test_the_committed_schema_is_what_the_migrations_make(database_url: str) -> None:
    assert (SQL / "schema.sql").read_text() == dump(database_url)
