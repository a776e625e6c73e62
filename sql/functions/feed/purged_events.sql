-- Return what is known of a ledger's purged events with seqs above `after`, up to `upto`, in no
-- order; the leaf is the log's.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.purged_events(ledger bigint, after bigint, upto bigint)
returns table (seq bigint, transaction_id bigint, id uuid, type text, leaf bytea)
language sql stable set search_path = pg_catalog, pg_temp set enable_seqscan = off
    set enable_bitmapscan = off set jit = off as $$
    select b.number * 256 + u.i, u.transaction_id, u.id, u.type,
        substr(t.hashes, (u.i::int - 1) * 32 + 1, 32)
    from ledger.purged_bundles b
    left join ledger.tiles t on t.ledger_id = $1 and t.level = 0 and t.number = b.number
    cross join lateral unnest(b.transaction_ids, b.ids, b.types)
        with ordinality u (transaction_id, id, type, i)
    where b.ledger_id = $1 and b.number >= $2 / 256 and b.number <= ($3 - 1) / 256
        and b.number * 256 + u.i > $2 and b.number * 256 + u.i <= $3
$$;
