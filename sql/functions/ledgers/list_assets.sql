-- Return the ledger's assets by code, at most `max`, above `after` (null: from the first).
-- Locks: none.
-- Codes: none.
create or replace function zerosum.list_assets(ledger bigint, after text, max int)
returns table (code text, body text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select a.code, zerosum.asset_json(a) from ledger.assets a
    where a.ledger_id = $1 and a.code > coalesce($2, '')
    order by a.code
    limit $3
$$;
