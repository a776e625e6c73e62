-- The most that a wallet's balance may be; the world's has no limits. The planner inlines it.
-- Locks: none. Codes: none.
create or replace function zerosum.wallet_ceiling(w ledger.wallets) returns numeric
language sql stable as $$
    select case when starts_with(w.id, '@world:') then 'Infinity' else coalesce(w.max_balance, 1e38 - 1) end
$$;
