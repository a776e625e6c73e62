-- Return the most that a wallet's balance may be. @world's wallets have no limits. The planner
-- inlines this.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.wallet_ceiling(w ledger.wallets) returns numeric
language sql stable as $$
    select case when starts_with(w.id, '@world:') then 'Infinity'
        else coalesce(w.max_balance, 1e38 - 1) end
$$;
