-- Return the ledger's endpoints by id, at most `max`, above `after`. only_id: just this one.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.list_endpoints(ledger bigint, after bigint, max int,
    only_id bigint default null)
returns table (id bigint, body text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select p.id, zerosum.endpoint_json(p) from ledger.endpoints p
    where p.ledger_id = $1 and p.id > $2 and ($4 is null or p.id = $4) and p.deleted_at is null
    order by p.id
    limit $3
$$;
