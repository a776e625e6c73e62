-- Send a notification, by which the relay finds out whether notifications arrive. Call this on
-- another connection than the one that listens: a pooler returns a connection its own
-- notifications, and loses all others.
-- Locks: NOTIFY's, until the commit.
-- Codes: none.
create or replace function zerosum.probe_listener() returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
    select pg_notify('zerosum_probe', '')
$$;
