-- Pause the ledger's sinks that come from the settings and are not among these names any more.
-- Locks: the sinks' rows. Codes: none.
create or replace function zerosum.keep_sinks(ledger bigint, names text[]) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
    update ledger.sinks s set paused_at = clock_timestamp(), error = 'not in ZEROSUM_SINKS'
    where s.ledger_id = $1 and s.configured and s.paused_at is null and s.name <> all ($2)
$$;
