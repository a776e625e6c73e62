-- The postings, with each bare @world as the one of the other side's asset, which never changes: a plain read tells it.
-- Locks: none. Codes: none.
create or replace function zerosum.name_worlds(l bigint, postings ledger.posting[]) returns ledger.posting[]
language plpgsql stable as $$
begin
    return array(
        select row(p.number, p.request, zerosum.world_wallet(l, p.source, p.destination),
            zerosum.world_wallet(l, p.destination, p.source), p.amount, null, null)::ledger.posting
        from unnest(postings) p
        order by p.number
    );
end $$;
