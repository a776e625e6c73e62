-- Return the code and facts of a request's first condition that does not hold; null: all hold.
-- Wallets, versions, balances and held are those of post()'s locked wallets, as the earlier
-- requests of the batch leave them. Versions are checked before the request is applied,
-- available amounts after (`after`).
-- Locks: none.
-- Codes: none.
create or replace function zerosum.condition_facts(
    conditions jsonb, wallets text[], versions bigint[], balances numeric[], held numeric[],
    after boolean
) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    c jsonb;
    s int;
begin
    for c in select x.one from jsonb_array_elements($1) x (one) loop
        s := array_position(wallets, c ->> 'wallet');
        if s is null then
            return zerosum.wallet_facts(c ->> 'wallet');
        elsif not after and (c ->> 'version')::bigint <> versions[s] then
            return json_build_object('code', 'wallet_changed', 'wallet', wallets[s], 'version',
                versions[s]);
        elsif after and balances[s] - held[s] < (c ->> 'min_available_after')::numeric then
            return json_build_object('code', 'available_too_low', 'wallet', wallets[s],
                'available', balances[s] - held[s]);
        end if;
    end loop;
    return null;
end $$;
