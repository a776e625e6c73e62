-- Return the events with these seqs, each once, in no order. Bundled events are read a bundle at
-- a time.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.events_at(ledger bigint, seqs bigint[])
returns table (seq bigint, id uuid, type text, body text)
language sql stable set search_path = pg_catalog, pg_temp set enable_seqscan = off
    set enable_bitmapscan = off
set enable_hashjoin = off set enable_mergejoin = off set jit = off as $$
    select v.seq, v.id, v.type, v.body
    from (select distinct x.seq from unnest($2) x (seq)) s
    cross join lateral (
        select * from ledger.events v where v.ledger_id = $1 and v.seq = s.seq limit 1
    ) v
    union all
    select b.number * 256 + u.i, u.id, u.type, u.body
    from (select distinct (x.seq - 1) / 256 as number from unnest($2) x (seq)) s
    cross join lateral (
        select * from ledger.event_bundles b where b.ledger_id = $1 and b.number = s.number limit 1
    ) b
    cross join lateral unnest(b.ids, b.types, b.bodies) with ordinality u (id, type, body, i)
    where b.number * 256 + u.i = any ($2)
$$;
