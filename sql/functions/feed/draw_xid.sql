-- Return a new transaction number: every transaction that began to write before this call has a
-- smaller one. The relay, having announced its sleep, waits until all smaller ones have ended,
-- since they may have read the earlier announcement.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.draw_xid() returns text
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
    select pg_current_xact_id()::text
$$;
