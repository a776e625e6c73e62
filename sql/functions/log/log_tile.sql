-- Return the first `width` (1 to 256) hashes of a tile of the ledger's log, as C2SP tlog-tiles
-- defines it: 32 bytes each, in one string. null: the log has fewer.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.log_tile(ledger bigint, level int, number bigint, width int)
returns bytea
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select (
        select string_agg(h.hash, '' order by h.i)
        from unnest(zerosum.tile_hashes($1, $2, $3, 0, $4)) with ordinality h (hash, i))
    from ledger.feeds f
    where f.ledger_id = $1 and $2 between 0 and 63 and $3 >= 0 and $4 between 1 and 256
        and ($3::numeric * 256 + $4) * 256::numeric ^ $2 <= f.last_seq
$$;
