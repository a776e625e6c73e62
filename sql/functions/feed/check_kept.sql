-- Refuse a place in the feed whose next events are purged, as zerosum.read_events() does.
-- Locks: none.
-- Codes: ZS302 events after `after` are purged.
create or replace function zerosum.check_kept(ledger bigint, after bigint) returns void
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select zerosum.kept_after($1, $2)
$$;
