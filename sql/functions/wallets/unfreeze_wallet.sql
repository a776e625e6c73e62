-- Open a frozen wallet again. An open wallet stays as it is.
-- Returns an outcome as post(): done or refused, with the wallet or the code and facts as body.
-- Writes an event wallet.unfrozen.
-- Locks: the wallet's row.
-- Codes: none.
create or replace function zerosum.unfreeze_wallet(ledger bigint, id text,
    admin boolean default false)
returns table (outcome text, body text)
language sql security definer set search_path = pg_catalog, pg_temp as $$
    select * from zerosum.set_wallet_status($1, $2, 'open', false, 'wallet.unfrozen', $3)
$$;
