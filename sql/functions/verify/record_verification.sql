-- Note that a ledger was verified now, up to the event `seq`, and how many faults were found.
-- Locks: the ledger's row in ledger.verifications.
-- Codes: none.
create or replace function zerosum.record_verification(ledger bigint, seq bigint, faults int)
returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
    insert into ledger.verifications as v (ledger_id, at, seq, faults)
    values ($1, clock_timestamp(), $2, $3)
    on conflict (ledger_id) do update
    set at = excluded.at, seq = excluded.seq, faults = excluded.faults
$$;
