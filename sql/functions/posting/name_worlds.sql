-- Return the postings with each bare @world named by the asset of the posting's other wallet. A
-- wallet's asset never changes, so a plain read is enough.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.name_worlds(l bigint, postings ledger.posting[])
returns ledger.posting[]
language plpgsql stable as $$
begin
    return array(
        select row(p.number, p.request, zerosum.world_wallet(l, p.source, p.destination),
            zerosum.world_wallet(l, p.destination, p.source), p.amount, null, null)::ledger.posting
        from unnest(postings) p
        order by p.number
    );
end $$;
