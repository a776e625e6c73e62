-- Return the ledger's consumers by name, at most `max`, above `after`. only_name: just this one.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.list_consumers(
    ledger bigint, after text, max int, only_name text default null
) returns table (id text, body text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select c.name, zerosum.consumer_json(c) from ledger.consumers c
    where c.ledger_id = $1 and c.name > $2 and ($4 is null or c.name = $4)
    order by c.name
    limit $3
$$;
