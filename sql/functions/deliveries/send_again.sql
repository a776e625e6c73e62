-- Send an event to an endpoint now, again or for the first time. The next try counts as the
-- first of the schedule. The caller has made sure that the event is not purged meanwhile.
-- Locks: the delivery's row.
-- Codes: none; false if the event or the endpoint does not exist, or the endpoint is disabled.
create or replace function zerosum.send_again(ledger bigint, endpoint bigint, seq bigint)
returns boolean
language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    moment constant timestamptz := clock_timestamp();
begin
    insert into ledger.attempts (ledger_id, endpoint_id, seq, number, at, duration_ms, status,
        address, answer)
    select d.ledger_id, d.endpoint_id, d.seq, coalesce((
            select max(a.number) from ledger.attempts a
            where a.endpoint_id = $2 and a.ledger_id = $1 and a.seq = $3), 0) + 1,
        d.settled_at, d.duration_ms, d.last_status, d.address, d.answer
    from ledger.deliveries d
    where d.endpoint_id = $2 and d.ledger_id = $1 and d.seq = $3 and d.status = 'delivered'
        and d.duration_ms is not null
    on conflict do nothing;
    insert into ledger.deliveries as d (ledger_id, endpoint_id, seq, due_at)
    select f.ledger_id, p.id, $3, moment
    from ledger.feeds f join ledger.endpoints p on p.ledger_id = f.ledger_id
    where f.ledger_id = $1 and $3 between 1 and f.last_seq and p.id = $2
        and p.disabled_at is null
    on conflict (endpoint_id, ledger_id, seq) do update
    set status = 'pending', due_at = excluded.due_at, settled_at = null, attempts = 0,
        duration_ms = null;
    return found;
end $$;
