-- Return the asset whose @world wallet this id is; null if it is none. The planner inlines this.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.world_asset(l bigint, id text) returns text
language sql stable as $$
    select a.code from ledger.assets a
    where a.ledger_id = l and a.code = substr(id, 8) and starts_with(id, '@world:')
$$;
