-- The ledger and scope of an API key by its sha256, or no row if there is no such key or it is revoked.
-- Locks: none. Codes: none.
create or replace function zerosum.authenticate(key_hash bytea) returns table (ledger_id bigint, scope text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select k.ledger_id, k.scope from ledger.api_keys k where k.key_hash = $1 and k.revoked_at is null
$$;
