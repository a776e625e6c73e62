-- Let a replay give no more events to its endpoint. What it has given is sent.
-- Returns the replay as JSON text; no row if it does not exist.
-- Locks: the replay's row.
-- Codes: none.
create or replace function zerosum.cancel_replay(ledger bigint, endpoint bigint, number bigint)
returns table (body text)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    moment constant timestamptz := clock_timestamp();
    cancelled ledger.replays;
begin
    update ledger.replays r
    set cancelled = r.finished_at is null or r.cancelled,
        finished_at = coalesce(r.finished_at, moment)
    where r.endpoint_id = $2 and r.ledger_id = $1 and r.number = $3
    returning * into cancelled;
    if cancelled.number is not null then
        body := zerosum.replay_json(cancelled);
        return next;
    end if;
end $$;
