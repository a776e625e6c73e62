-- Delete a consumer with its cursor.
-- Locks: the consumer's row.
-- Codes: none; false if it does not exist.
create or replace function zerosum.delete_consumer(ledger bigint, name text) returns boolean
language sql security definer set search_path = pg_catalog, pg_temp as $$
    with gone as (
        delete from ledger.consumers c where c.ledger_id = $1 and c.name = $2 returning c.name
    )
    select exists (select from gone)
$$;
