-- What this database is called in caches beside it: another after each start of the server, so after every recovery,
-- restore and failover, and another for each copy.
-- Locks: none. Codes: none.
create or replace function zerosum.incarnation() returns text
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select encode(sha256(convert_to(concat_ws('/', d.oid, d.datname, extract(epoch from pg_postmaster_start_time()),
        (select extract(epoch from min(g.created_at)) from ledger.ledgers g)), 'UTF8')), 'hex')
    from pg_database d where d.datname = current_database()
$$;
