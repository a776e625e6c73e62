-- Of the release before: its relay may still send what waits to be tried again.
-- Record what came of deliveries of one endpoint; arrays of one length. outcome: delivered; pending (try again in
-- retry_s seconds); dead; gone (dead, and the endpoint wants no more: it is disabled, which is an event). Each is an
-- attempt. A delivery that is settled already stays so.
-- Locks: the deliveries' rows by seq; the endpoint's row if it is gone. Codes: none.
create or replace function zerosum.finish_deliveries(
    ledger bigint, endpoint bigint, seqs bigint[], outcomes text[], statuses int[], errors text[],
    durations_ms int[], retries_s float8[]
) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off as $$
declare
    l constant bigint := ledger;
begin
    with found as materialized (
        select d.seq, d.attempts, d.number, d.due_at, u.*
        from (
            select * from unnest(seqs, outcomes, statuses, errors, durations_ms, retries_s)
                u (sent, outcome, http, reason, took, retry_s) order by u.sent
        ) u
        cross join lateral (
            select d.seq, d.status, d.due_at, d.attempts + 1 as attempts, coalesce((
                select max(a.number) from ledger.attempts a
                where a.endpoint_id = d.endpoint_id and a.ledger_id = d.ledger_id and a.seq = d.seq), 0) + 1 as number
            from ledger.deliveries d
            where d.endpoint_id = finish_deliveries.endpoint and d.ledger_id = l and d.seq = u.sent
            limit 1
            for update
        ) d
        -- (Outside, so that the index of pending ones, which begins alike, can't be taken for the key.)
        where d.status = 'pending'
    ), tried as (
        insert into ledger.attempts (ledger_id, endpoint_id, seq, number, duration_ms, status, error)
        select g.ledger_id, finish_deliveries.endpoint, f.seq, f.number, f.took, f.http, f.reason
        from ledger.ledgers g, found f where g.ledger_id = l
        on conflict do nothing
    )
    -- An upsert, because an UPDATE that joins is planned by statistics and may read every delivery of the endpoint; the
    -- conflict rule can only probe the key. The rows are there, and locked.
    insert into ledger.deliveries as d (ledger_id, endpoint_id, seq, status, due_at, attempts, last_status, last_error,
        settled_at)
    select g.ledger_id, finish_deliveries.endpoint, f.seq,
        case when f.outcome = 'gone' then 'dead' else f.outcome end,
        case when f.outcome = 'pending' then clock_timestamp() + make_interval(secs => f.retry_s) else f.due_at end,
        f.attempts, f.http, f.reason, case when f.outcome <> 'pending' then clock_timestamp() end
    from ledger.ledgers g, found f where g.ledger_id = l
    on conflict (endpoint_id, ledger_id, seq) do update
    set status = excluded.status, due_at = excluded.due_at, attempts = excluded.attempts,
        last_status = excluded.last_status, last_error = excluded.last_error, settled_at = excluded.settled_at;
    if 'gone' = any (outcomes) then
        perform zerosum.disable_endpoint(l, finish_deliveries.endpoint, 'it answered 410 Gone');
    end if;
end $$;
