-- Return the least that a wallet's balance may be. @world's wallets have no limits. The planner
-- inlines this.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.wallet_floor(w ledger.wallets) returns numeric
language sql stable as $$
    select case when starts_with(w.id, '@world:') then '-Infinity'
        else coalesce(w.min_balance - w.floor_debt, 1 - 1e38) + w.held end
$$;
