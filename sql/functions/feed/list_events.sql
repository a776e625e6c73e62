-- Return stamped events after seq `after`, in order, at most `max`: the seq, and the body, byte
-- for byte as it is delivered. 0: from the oldest that is kept.
-- Locks: none.
-- Codes: ZS302 events after `after` are purged; ZS303 the feed ends before `after`.
create or replace function zerosum.list_events(ledger bigint, after bigint, max int)
returns table (seq bigint, body text)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off as $$
#variable_conflict use_column
declare
    low constant bigint := zerosum.kept_after($1, $2);
begin
    perform zerosum.refuse_ahead($2, coalesce((
        select f.last_seq from ledger.feeds f where f.ledger_id = $1), 0));
    return query
        select v.seq, v.body from zerosum.feed($1, low, least(low, 1::bigint << 62) + $3) v
        order by v.seq
        limit $3;
end $$;
