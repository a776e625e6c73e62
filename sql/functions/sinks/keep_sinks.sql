-- Pause the ledger's sinks that come from the settings and are no longer among these names.
-- Locks: the sinks' rows.
-- Codes: none.
create or replace function zerosum.keep_sinks(ledger bigint, names text[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    moment constant timestamptz := clock_timestamp();
begin
    update ledger.sinks s set paused_at = moment, paused_by = 'settings'
    where s.ledger_id = $1 and s.configured and s.paused_at is null and s.name <> all ($2);
end $$;
