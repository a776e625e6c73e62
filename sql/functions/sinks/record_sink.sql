-- Record that a sink has every event up to sent_to, and why the others that it was given failed
-- (null: they did not), if its cursor is still sent_seq. Return false if it is not: somebody has
-- moved the cursor, or another relay was faster; then read it again.
-- The caller's transaction commits without waiting for the disk, so the relay calls this in a
-- transaction of its own. A lost commit only means that events are sent again.
-- Locks: the sink's row.
-- Codes: ZS301 the holder has lost the lease.
create or replace function zerosum.record_sink(
    ledger bigint, sink bigint, sent_seq bigint, sent_to bigint, error text,
    holder text default null
) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    failed constant timestamptz := case when $5 is not null then clock_timestamp() end;
begin
    perform zerosum.check_lease($1, holder);
    perform set_config('synchronous_commit', 'off', true);
    update ledger.sinks s set sent_seq = $4, error = $5, failed_at = failed
    where s.ledger_id = $1 and s.id = $2 and s.sent_seq = $3;
    return found;
end $$;
