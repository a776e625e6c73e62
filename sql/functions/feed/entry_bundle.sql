-- Return the first `width` (1 to 256) entries of a tile of the ledger's log, as C2SP tlog-tiles
-- bundles them: each event's body after its length in two bytes, the high byte first. null: the
-- log has fewer entries.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.entry_bundle(ledger bigint, number bigint, width int)
returns bytea
language sql stable security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off
    set enable_bitmapscan = off as $$
    select string_agg(substr(int4send(octet_length(v.body)), 3) || convert_to(v.body, 'UTF8'),
        '' order by v.seq)
    from zerosum.feed($1, least($2, 1::bigint << 54) * 256, least($2, 1::bigint << 54) * 256 + $3) v
    where $2 >= 0 and $3 between 1 and 256
    having count(*) = $3
$$;
