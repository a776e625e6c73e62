-- Pause or resume a sink, or set from which seq on it gets events: again, or past some, at most
-- from the next one to come. Null changes nothing.
-- Locks: the sink's row.
-- Codes: none; no row if it does not exist.
create or replace function zerosum.change_sink(
    ledger bigint, sink bigint, paused boolean default null, next_seq bigint default null
) returns table (body text)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    moment constant timestamptz := clock_timestamp();
    last constant bigint := (select f.last_seq from ledger.feeds f where f.ledger_id = $1);
    changed ledger.sinks;
begin
    update ledger.sinks s
    set paused_at = case when $3 is null then s.paused_at
        when $3 then coalesce(s.paused_at, moment) end,
        paused_by = case when $3 is null then s.paused_by when $3 then 'operator' end,
        sent_seq = coalesce(least($4 - 1, last), s.sent_seq), error = null, failed_at = null
    where s.ledger_id = $1 and s.id = $2
    returning * into changed;
    if changed.id is not null then
        body := zerosum.sink_json(changed, last);
        return next;
    end if;
end $$;
