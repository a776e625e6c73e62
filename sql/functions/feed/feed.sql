-- Return the events of a ledger's feed with seqs above `after`, up to `upto`, in no order,
-- whether they have rows of their own or are bundled. A bundle is read as a whole, so a range
-- costs less than one event after the other. The planner inlines this into what reads the feed,
-- so it is not security definer and has no search_path.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.feed(ledger bigint, after bigint, upto bigint)
returns table (seq bigint, transaction_id bigint, recorded_at timestamptz, id uuid, type text,
    leaf bytea, body text)
language sql stable as $$
    select v.seq, v.transaction_id, v.recorded_at, v.id, v.type, v.leaf, v.body
    from ledger.events v where v.ledger_id = $1 and v.seq > $2 and v.seq <= $3
    union all
    select b.number * 256 + u.i, u.transaction_id, u.recorded_at, u.id, u.type,
        sha256(E'\\x00' || convert_to(u.body, 'UTF8')), u.body
    from ledger.event_bundles b
    cross join lateral unnest(b.transaction_ids, b.recorded_ats, b.ids, b.types, b.bodies)
        with ordinality u (transaction_id, recorded_at, id, type, body, i)
    where b.ledger_id = $1 and b.number >= $2 / 256 and b.number <= ($3 - 1) / 256
        and b.number * 256 + u.i > $2 and b.number * 256 + u.i <= $3
$$;
