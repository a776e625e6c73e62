-- Return when a ledger was last verified, up to which event, and how many faults were found, as
-- JSON text. No row: it was never verified.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.last_verification(ledger bigint) returns table (body text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select concat('{"at":', zerosum.time_json(v.at), ',"seq":', v.seq, ',"faults":', v.faults, '}')
    from ledger.verifications v where v.ledger_id = $1
$$;
