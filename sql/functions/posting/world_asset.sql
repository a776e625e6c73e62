-- The asset of which this id is the world's wallet, if it is one. The planner inlines it.
-- Locks: none. Codes: none.
create or replace function zerosum.world_asset(l bigint, id text) returns text
language sql stable as $$
    select a.code from ledger.assets a
    where a.ledger_id = l and a.code = substr(id, 8) and starts_with(id, '@world:')
$$;
