-- Pause a sink, or let it go on; or set from which seq on it gets events (again). Null changes nothing.
-- Locks: the sink's row. Codes: none; no row if it is not there.
create or replace function zerosum.change_sink(
    ledger bigint, sink bigint, paused boolean default null, next_seq bigint default null
) returns table (body text)
language sql security definer set search_path = pg_catalog, pg_temp as $$
    update ledger.sinks s
    set paused_at = case when $3 is null then s.paused_at when $3 then coalesce(s.paused_at, clock_timestamp()) end,
        sent_seq = coalesce($4 - 1, s.sent_seq), error = null, failed_at = null
    where s.ledger_id = $1 and s.id = $2
    returning zerosum.sink_json(s, coalesce((select f.last_seq from ledger.feeds f where f.ledger_id = $1), 0))
$$;
