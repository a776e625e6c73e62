-- Remove a sink and its cursor.
-- Locks: the sink's row.
-- Codes: none; false if it does not exist.
create or replace function zerosum.remove_sink(ledger bigint, sink bigint) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    delete from ledger.sinks s where s.ledger_id = $1 and s.id = $2;
    return found;
end $$;
