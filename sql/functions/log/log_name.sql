-- Return the name of a ledger's log: the ledger's name, and after a restoration its number,
-- main/2. A log that lost its end is another log than the one that others keep checkpoints of, and
-- so it has another name and its key another vkey, as C2SP tlog-checkpoint demands of an origin.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.log_name(ledger bigint) returns text
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select concat_ws('/', g.name,
        (select max(r.number) from ledger.restorations r where r.ledger_id = g.ledger_id))
    from ledger.ledgers g where g.ledger_id = $1
$$;
