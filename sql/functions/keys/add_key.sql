-- Admit an API key, known by its SHA-256, to a ledger. A key that is there stays as it is.
-- `hint` is what lists may show of it. Returns whether the key is new, and the key as JSON text
-- without itself.
-- Locks: none beyond those of its insert.
-- Codes: none (checks raise 23514).
create or replace function zerosum.add_key(ledger bigint, key_hash bytea, scope text, hint text)
returns table (added boolean, body text)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    made ledger.api_keys;
begin
    insert into ledger.api_keys as k (key_hash, ledger_id, id, scope, hint)
    values ($2, $1, nextval('ledger.api_key_id'), $3, $4)
    on conflict (key_hash) do nothing
    returning k.* into made;
    added := made.key_hash is not null;
    if not added then
        select k.* into made from ledger.api_keys k where k.key_hash = $2;
    end if;
    body := zerosum.key_json(made);
    return next;
end $$;
