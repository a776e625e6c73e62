-- Return an API key as JSON text: what may be shown of it, never its hash.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.key_json(k ledger.api_keys) returns text
language sql stable as $$
    select concat('{"id":', k.id, ',"scope":"', k.scope, '","hint":', to_json(k.hint),
        ',"created_at":', zerosum.time_json(k.created_at),
        ',"revoked_at":', coalesce(zerosum.time_json(k.revoked_at), 'null'), '}')
$$;
