-- Return whether the ledger has an API key that is not revoked.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.has_keys(ledger bigint) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select exists (select from ledger.api_keys k where k.ledger_id = $1 and k.revoked_at is null)
$$;
