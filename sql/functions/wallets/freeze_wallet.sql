-- Freeze a wallet: until it is unfrozen it gives nothing, and receives only with `credits`. A
-- frozen wallet gets the new `credits`. A change that changes nothing writes nothing.
-- Returns an outcome as post(): done or refused, with the wallet or the code and facts as body.
-- Writes an event wallet.frozen.
-- Locks: the wallet's row.
-- Codes: none.
create or replace function zerosum.freeze_wallet(
    ledger bigint, id text, credits boolean default false, admin boolean default false
) returns table (outcome text, body text)
language sql security definer set search_path = pg_catalog, pg_temp as $$
    select * from zerosum.set_wallet_status($1, $2, 'frozen', $3, 'wallet.frozen', $4)
$$;
