-- For each posting, in order: the places of its two wallets among the locked ones, and what is wrong with them
-- whatever the balances (code and facts), or null. A null source is of a request that is settled already,
-- a null destination of a posting that only locks its source.
-- (A wallet that is frozen but may receive has the status frozen_out here.)
-- Inlined into post(), hence neither security definer nor a search_path.
-- Locks: none. Codes: none.
create or replace function zerosum.posting_slots(
    sources text[], destinations text[], wallets text[], assets text[], stati text[]
) returns table (p bigint, from_slot bigint, to_slot bigint, flaw text)
language sql stable as $$
    select u.p, f.slot, t.slot,
        case
            when u.source is null or u.destination is null then null
            when f.slot is null or t.slot is null then zerosum.wallet_facts(
                case when f.slot is null and u.source <> '@world' or t.slot is not null
                    then u.source else u.destination end)
            when f.asset <> t.asset then json_build_object('code', 'asset_mismatch',
                'source', u.source, 'source_asset', f.asset,
                'destination', u.destination, 'destination_asset', t.asset)::text
            when f.status <> 'open' then
                json_build_object('code', 'wallet_' || replace(f.status, '_out', ''), 'wallet', u.source)::text
            when t.status not in ('open', 'frozen_out') then
                json_build_object('code', 'wallet_' || t.status, 'wallet', u.destination)::text
        end
    from unnest(sources, destinations) with ordinality u (source, destination, p)
    left join unnest(wallets, assets, stati) with ordinality f (id, asset, status, slot) on f.id = u.source
    left join unnest(wallets, assets, stati) with ordinality t (id, asset, status, slot) on t.id = u.destination
$$;
