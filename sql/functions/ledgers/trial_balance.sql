-- Return, for each asset that has a wallet: the sum of all its wallets, which is zero; how much
-- of it is held; how many wallets and entries it has. (A wallet's version is the number of its
-- entries.)
-- Locks: none.
-- Codes: none.
create or replace function zerosum.trial_balance(ledger bigint)
returns table (asset text, total numeric, held numeric, wallets bigint, entries bigint)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select w.asset, sum(w.posted), sum(w.held), count(*), sum(w.version)::bigint
    from ledger.wallets w where w.ledger_id = $1
    group by w.asset order by w.asset
$$;
