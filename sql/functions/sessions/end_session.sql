-- End a session of the console, known by its token's SHA-256.
-- Locks: the session's row.
-- Codes: none.
create or replace function zerosum.end_session(token_hash bytea) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
    delete from ledger.sessions s where s.token_hash = $1
$$;
