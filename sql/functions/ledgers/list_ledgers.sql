-- Return the number and name of every ledger.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.list_ledgers() returns table (ledger_id bigint, name text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select g.ledger_id, g.name from ledger.ledgers g order by g.ledger_id
$$;
