-- Bundle the ledger's oldest events that have rows of their own, 256 a bundle, at most
-- max_bundles, and leave at least the newest `keep` as they are. The caller holds the lease.
-- Returns how many bundles were created.
-- Locks: the ledger's row in ledger.feeds.
-- Codes: ZS301 the caller does not hold the lease.
create or replace function zerosum.bundle_events(ledger bigint, holder text, epoch bigint,
    keep bigint, max_bundles int)
returns int
language plpgsql security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off
    set jit = off as $$
#variable_conflict use_column
declare
    l constant bigint := ledger;
    f constant ledger.feeds := zerosum.locked_feed(ledger, holder, epoch);
    next bigint := coalesce((
        select b.number + 1 from ledger.event_bundles b where b.ledger_id = l
            order by b.number desc limit 1), zerosum.purged_seq(l) / 256);
    made int := 0;
begin
    while made < max_bundles and (next + 1) * 256 + keep <= f.last_seq loop
        insert into ledger.event_bundles (ledger_id, number, transaction_ids, recorded_ats, ids,
            types, bodies)
        select g.ledger_id, next, x.transaction_ids, x.recorded_ats, x.ids, x.types, x.bodies
        from ledger.ledgers g, (
            select array_agg(v.transaction_id) as transaction_ids,
                array_agg(v.recorded_at) as recorded_ats,
                array_agg(v.id) as ids, array_agg(v.type) as types, array_agg(v.body) as bodies
            from (
                select * from ledger.events v
                where v.ledger_id = l and v.seq > next * 256 and v.seq <= next * 256 + 256
                    order by v.seq
            ) v
        ) x
        where g.ledger_id = l;
        delete from ledger.events v where v.ledger_id = l and v.seq > next * 256
            and v.seq <= next * 256 + 256;
        next := next + 1;
        made := made + 1;
    end loop;
    return made;
end $$;
