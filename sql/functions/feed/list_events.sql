-- Return stamped events after seq `after`, in order, at most `max`: the seq, and the body, byte
-- for byte as it is delivered.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.list_events(ledger bigint, after bigint, max int)
returns table (seq bigint, body text)
language sql stable security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off
    set enable_bitmapscan = off as $$
    select v.seq, v.body from zerosum.feed($1, $2, least($2, 1::bigint << 62) + $3) v
    order by v.seq
    limit $3
$$;
