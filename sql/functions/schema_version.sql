-- The newest migration that has run, for /readyz.
-- Locks: none. Codes: none.
create or replace function zerosum.schema_version() returns text
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select max(name) from ledger.migrations
$$;
