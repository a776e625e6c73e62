-- Close a wallet for good. It must be empty, and nothing may be held in it. A closed wallet
-- stays as it is.
-- Returns an outcome as post(): done or refused, with the wallet or the code and facts as body.
-- Writes an event wallet.closed.
-- Locks: the wallet's row.
-- Codes: none.
create or replace function zerosum.close_wallet(ledger bigint, id text, admin boolean default false)
returns table (outcome text, body text)
language sql security definer set search_path = pg_catalog, pg_temp as $$
    select * from zerosum.set_wallet_status($1, $2, 'closed', false, 'wallet.closed', $3)
$$;
