-- The least that a wallet's balance may be; the world's has no limits. The planner inlines it.
-- Locks: none. Codes: none.
create or replace function zerosum.wallet_floor(w ledger.wallets) returns numeric
language sql stable as $$
    select case when starts_with(w.id, '@world:') then '-Infinity'
        else coalesce(w.min_balance - w.floor_debt, 1 - 1e38) + w.held end
$$;
