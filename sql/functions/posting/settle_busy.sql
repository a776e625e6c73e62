-- Settle as `busy` the requests that would wait for somebody else's lock, and later requests
-- with the same keys. The body is one of the locked wallets. watched: returned without the
-- locked wallets.
-- Locks: ledger.wallets rows by id (for update skip locked).
-- Codes: none.
create or replace function zerosum.settle_busy(
    l bigint, requests ledger.request[], postings ledger.posting[], firsts int[], lasts int[],
    inout watched text[], inout outcomes text[], inout bodies text[]
) language plpgsql as $$
declare
    busy constant text[] := zerosum.busy_wallets(l, watched || array(
        select v.id
        from unnest(postings) p
        cross join lateral (values (p.source), (p.destination)) v (id)
        where outcomes[p.request] is null and v.id is not null));
    busy_keys text[] := '{}';
    request ledger.request;
    posting ledger.posting;
begin
    watched := array(select x.id from unnest(watched) x (id) where x.id <> all (busy));
    for i in 1..cardinality(requests) loop
        continue when outcomes[i] is not null;
        request := requests[i];
        for p in firsts[i]..lasts[i] loop
            posting := postings[p];
            if posting.source = any (busy) or posting.destination = any (busy) then
                outcomes[i] := 'busy';
                bodies[i] := case when posting.source = any (busy) then posting.source
                    else posting.destination end;
                exit;
            end if;
        end loop;
        if outcomes[i] is null and (request.key = any (busy_keys) or request.conditions is not null
            and exists (
            select from jsonb_array_elements(request.conditions) c (one)
                where c.one ->> 'wallet' = any (busy)))
        then
            outcomes[i] := 'busy';
        end if;
        if outcomes[i] = 'busy' then
            busy_keys := busy_keys || request.key;
        end if;
    end loop;
end $$;
