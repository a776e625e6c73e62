-- Return a wallet's status for a posting. frozen_out: frozen, but it may receive. The planner
-- inlines this.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.posting_status(w ledger.wallets) returns text
language sql stable as $$
    select w.status || case when w.credits_while_frozen then '_out' else '' end
$$;
