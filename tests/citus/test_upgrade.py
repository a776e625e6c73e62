"""A release is installed while servers of the release before pay on Citus."""

from __future__ import annotations

import shutil
from pathlib import Path

from app.database.connections import connect
from app.host.migrate import SQL, migrate
from tests.citus.payers import Payers, check, served

MIGRATION = """
create table ledger.badges (
    ledger_id bigint not null references ledger.ledgers, name text not null,
    primary key (ledger_id, name)
);
alter table ledger.wallets add column badge text;
create trigger badges_refuse before update or delete on ledger.badges
for each row execute function ledger.refuse();
alter table ledger.badges enable always trigger badges_refuse;
"""
FUNCTION = """
create or replace function zerosum.add_badge(ledger bigint, name text) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    insert into ledger.badges as b (ledger_id, name) values (ledger, add_badge.name);
    return (select count(*) from ledger.badges b where b.ledger_id = add_badge.ledger);
end $$;
"""


def next_release(folder: Path) -> Path:
    """Return this release's sql/ with one migration and one function more."""
    sql = folder / "sql"
    shutil.copytree(SQL, sql)
    (sql / "migrations/9999_badges.sql").write_text(MIGRATION)
    (sql / "functions/wallets/add_badge.sql").write_text(FUNCTION)
    number, *rest = (sql / "release").read_text().split()
    (sql / "release").write_text(" ".join([str(int(number) + 1), *rest]) + "\n")
    return sql


async def test_a_release_is_installed_while_servers_pay(scaled_url: str, tmp_path: Path) -> None:
    server, keys = await served(scaled_url, tmp_path)
    sql = next_release(tmp_path)
    conn = await connect(scaled_url)
    async with Payers(server, keys) as payers:
        await payers.more(20)
        assert await migrate(conn, sql) == ["9999_badges.sql"]
        await payers.more(20)
    assert set(payers.answers) == {"201"}
    await server.end()
    # The new table is distributed, each call of the new function runs where its ledger is, and the
    # rules hold on the shards.
    for count in (1, 2):
        assert await conn.fetchval(f"select zerosum.add_badge(1, 'b{count}')") == count
    placed = await conn.fetchval(
        "select count(*) from pg_dist_partition where logicalrelid = 'ledger.badges'::regclass"
    )
    assert placed == 1
    done = await conn.fetch(
        "select success, result from run_command_on_shards('ledger.badges', 'delete from %s')"
    )
    assert {one["success"] for one in done if one["result"] != "DELETE 0"} == {False}
    # (verify knows no such trigger.)
    await conn.execute("set citus.enable_unsafe_triggers = on")
    await conn.execute("drop trigger badges_refuse on ledger.badges")
    await conn.close()
    await check(scaled_url, payers)
