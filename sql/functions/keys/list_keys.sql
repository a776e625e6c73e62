-- Return the ledger's API keys by id, at most `max`, above `after`.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.list_keys(ledger bigint, after bigint, max int)
returns table (id bigint, body text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select k.id, zerosum.key_json(k) from ledger.api_keys k
    where k.ledger_id = $1 and k.id > $2
    order by k.id
    limit $3
$$;
