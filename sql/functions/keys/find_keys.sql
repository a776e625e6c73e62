-- Return those of these SHA-256s that belong to API keys that are not revoked, with each key's
-- ledger and scope.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.find_keys(key_hashes bytea[])
returns table (key_hash bytea, ledger_id bigint, ledger_name text, scope text)
language sql stable security definer set search_path = pg_catalog,
    pg_temp set enable_seqscan = off as $$
    select k.key_hash, k.ledger_id, g.name, k.scope
    from unnest($1) h (hash)
    cross join lateral (
        select k.* from ledger.api_keys k where k.key_hash = h.hash
            and k.revoked_at is null offset 0
    ) k
    join ledger.ledgers g on g.ledger_id = k.ledger_id
$$;
