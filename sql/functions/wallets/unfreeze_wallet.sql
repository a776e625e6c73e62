-- Open a frozen wallet again; an open one stays so, and nothing is written.
-- Returns an outcome as post(): done | refused (body: the wallet, or code and facts). An event wallet.unfrozen.
-- Locks: the wallet's row. Codes: none.
create or replace function zerosum.unfreeze_wallet(ledger bigint, id text, admin boolean default false)
returns table (outcome text, body text)
language sql security definer set search_path = pg_catalog, pg_temp as $$
    select * from zerosum.set_wallet_status($1, $2, 'open', false, 'wallet.unfrozen', $3)
$$;
