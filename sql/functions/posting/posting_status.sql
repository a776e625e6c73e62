-- A wallet's status as a posting meets it; frozen_out: frozen, but may receive. The planner inlines it.
-- Locks: none. Codes: none.
create or replace function zerosum.posting_status(w ledger.wallets) returns text
language sql stable as $$
    select w.status || case when w.credits_while_frozen then '_out' else '' end
$$;
