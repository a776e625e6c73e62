-- Notify whoever probes whether notifications arrive. From another connection than the one that listens: a pooler
-- gives that one its own notification back, and loses all others.
-- Locks: NOTIFY's, until the commit. Codes: none.
create or replace function zerosum.probe_listener() returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
    select pg_notify('zerosum_probe', '')
$$;
