-- Admit an API key, known by its SHA-256, to a ledger. A key that is there stays as it is.
-- `hint` is what lists may show of it. Returns whether the key is new, and the key as JSON text
-- without itself.
-- Locks: none beyond those of its insert.
-- Codes: none (checks raise 23514).
create or replace function zerosum.add_key(ledger bigint, key_hash bytea, scope text, hint text)
returns table (added boolean, body text)
language sql security definer set search_path = pg_catalog, pg_temp as $$
    with made as (
        insert into ledger.api_keys as k (key_hash, ledger_id, scope, hint) values ($2, $1, $3, $4)
        on conflict (key_hash) do nothing
        returning k.*
    )
    select true, zerosum.key_json((m.*)::ledger.api_keys) from made m
    union all
    select false, zerosum.key_json(k) from ledger.api_keys k where k.key_hash = $2
    limit 1
$$;
