-- Revoke an API key. A revoked key stays revoked.
-- Locks: the key's row.
-- Codes: none; false if the key does not exist.
create or replace function zerosum.revoke_key(ledger bigint, id bigint) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    moment constant timestamptz := clock_timestamp();
begin
    update ledger.api_keys k set revoked_at = coalesce(k.revoked_at, moment)
    where k.ledger_id = $1 and k.id = $2;
    return found;
end $$;
