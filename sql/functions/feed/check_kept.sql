-- Refuse a place in the feed from which zerosum.read_events() can't go on.
-- Locks: none.
-- Codes: ZS302 events after `after` are purged; ZS303 the feed ends before `after`.
create or replace function zerosum.check_kept(ledger bigint, after bigint) returns void
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select zerosum.kept_after($1, $2);
    select zerosum.refuse_ahead($2, coalesce((
        select f.last_seq from ledger.feeds f where f.ledger_id = $1), 0))
$$;
