-- Close a wallet for ever: only one that holds nothing and where nothing is held. A closed one stays so.
-- Returns an outcome as post(): done | refused (body: the wallet, or code and facts). An event wallet.closed.
-- Locks: the wallet's row. Codes: none.
create or replace function zerosum.close_wallet(ledger bigint, id text, admin boolean default false)
returns table (outcome text, body text)
language sql security definer set search_path = pg_catalog, pg_temp as $$
    select * from zerosum.set_wallet_status($1, $2, 'closed', false, 'wallet.closed', $3)
$$;
