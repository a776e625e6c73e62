-- Let an API key, known by its sha256, into a ledger; a key that is there stays as it is. `hint` is what a person may see
-- of it in lists. Returns whether it is new.
-- Locks: none beyond its insert's. Codes: none.
create or replace function zerosum.add_key(ledger bigint, key_hash bytea, scope text, hint text) returns boolean
language sql security definer set search_path = pg_catalog, pg_temp as $$
    with made as (
        insert into ledger.api_keys (key_hash, ledger_id, scope, hint) values ($2, $1, $3, $4)
        on conflict (key_hash) do nothing
        returning key_hash
    )
    select exists (select from made)
$$;
