-- Return the code and facts of what is wrong with a posting's wallets whatever their balances
-- are; null: nothing. Assets and statuses are those of the two wallets, as lock_wallets()
-- returns them; null: the wallet does not exist. A posting without a destination only locks its
-- source.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.posting_fault(
    l bigint, posting ledger.posting, source_asset text, source_status text, destination_asset text,
    destination_status text
) returns text
language plpgsql stable as $$
begin
    if posting.source is null or posting.destination is null then
        return null;
    end if;
    -- @world has every asset, though its wallet is created with the asset's first other wallet.
    source_asset := coalesce(source_asset, zerosum.world_asset(l, posting.source));
    destination_asset := coalesce(destination_asset, zerosum.world_asset(l, posting.destination));
    return case
        when source_asset is null and (posting.source <> '@world' or destination_asset is not null)
            then zerosum.wallet_facts(posting.source)
        when source_asset is null or destination_asset is null
            then zerosum.wallet_facts(posting.destination)
        when source_asset <> destination_asset then json_build_object('code', 'asset_mismatch',
            'source', posting.source, 'source_asset', source_asset,
            'destination', posting.destination, 'destination_asset', destination_asset)::text
        when source_status is distinct from 'open' then
            json_build_object('code', 'wallet_' || replace(source_status, '_out', ''), 'wallet',
                posting.source)::text
        when destination_status is null or destination_status not in ('open', 'frozen_out') then
            json_build_object('code', 'wallet_' || destination_status, 'wallet',
                posting.destination)::text
    end;
end $$;
