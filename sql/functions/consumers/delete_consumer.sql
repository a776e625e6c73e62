-- Delete a consumer with its cursor.
-- Locks: the consumer's row.
-- Codes: none; false if it does not exist.
create or replace function zerosum.delete_consumer(ledger bigint, name text) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    delete from ledger.consumers c where c.ledger_id = $1 and c.name = $2;
    return found;
end $$;
