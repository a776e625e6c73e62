-- Freeze a wallet: it gives nothing until it is unfrozen, and receives only if `credits`. Frozen already, it takes over
-- `credits`; what changes nothing writes nothing.
-- Returns an outcome as post(): done | refused (body: the wallet, or code and facts). An event wallet.frozen.
-- Locks: the wallet's row. Codes: none.
create or replace function zerosum.freeze_wallet(
    ledger bigint, id text, credits boolean default false, admin boolean default false
) returns table (outcome text, body text)
language sql security definer set search_path = pg_catalog, pg_temp as $$
    select * from zerosum.set_wallet_status($1, $2, 'frozen', $3, 'wallet.frozen', $4)
$$;
