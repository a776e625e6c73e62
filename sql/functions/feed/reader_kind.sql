-- Return whose id this is: `endpoint`, `sink`, or null for nobody's. Both draw ids from one
-- sequence.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.reader_kind(ledger bigint, id bigint) returns text
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select case
        when exists (select from ledger.endpoints p where p.ledger_id = $1 and p.id = $2)
            then 'endpoint'
        when exists (select from ledger.sinks s where s.ledger_id = $1 and s.id = $2) then 'sink'
    end
$$;
