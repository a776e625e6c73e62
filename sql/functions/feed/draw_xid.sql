-- A transaction number, drawn now: every transaction that began to write before this call has a smaller one. For the
-- relay, which, having said that it is about to sleep, waits until all that may have read otherwise have ended.
-- Locks: none. Codes: none.
create or replace function zerosum.draw_xid() returns text
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
    select pg_current_xact_id()::text
$$;
