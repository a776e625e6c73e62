-- Settle as `busy` the requests that somebody else's lock would make wait, and those after them with the same key. The body is
-- one of the wallets; watched: without those that are locked.
-- Locks: ledger.wallets rows by id (for update skip locked). Codes: none.
create or replace function zerosum.settle_busy(
    l bigint, requests ledger.request[], postings ledger.posting[],
    inout watched text[], inout outcomes text[], inout bodies text[]
) language plpgsql as $$
declare
    busy constant text[] := zerosum.busy_wallets(l, watched || array(
        select v.id
        from unnest(postings) p
        cross join lateral (values (p.source), (p.destination)) v (id)
        where outcomes[p.request] is null and v.id is not null));
    busy_keys text[] := '{}';
    one record;
begin
    watched := array(select x.id from unnest(watched) x (id) where x.id <> all (busy));
    for one in
        select r.number, r.key, r.conditions, (
            select case when p.source = any (busy) then p.source else p.destination end
            from unnest(postings) p
            where p.request = r.number and (p.source = any (busy) or p.destination = any (busy))
            order by p.number limit 1) as wallet
        from unnest(requests) r
        where outcomes[r.number] is null
        order by r.number
    loop
        if one.wallet is not null or one.key = any (busy_keys) or exists (
            select from jsonb_array_elements(one.conditions) c (condition) where c.condition ->> 'wallet' = any (busy))
        then
            outcomes[one.number] := 'busy';
            bodies[one.number] := one.wallet;
            busy_keys := busy_keys || one.key;
        end if;
    end loop;
end $$;
