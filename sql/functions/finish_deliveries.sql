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
        select d.seq, d.attempts, d.number, u.*
        from (
            select * from unnest(seqs, outcomes, statuses, errors, durations_ms, retries_s)
                u (sent, outcome, http, reason, took, retry_s) order by u.sent
        ) u
        cross join lateral (
            select d.seq, d.attempts + 1 as attempts, coalesce((
                select max(a.number) from ledger.attempts a
                where a.endpoint_id = d.endpoint_id and a.ledger_id = d.ledger_id and a.seq = d.seq), 0) + 1 as number
            from ledger.deliveries d
            where d.endpoint_id = finish_deliveries.endpoint and d.ledger_id = l and d.seq = u.sent
                and d.status = 'pending'
            for update
        ) d
    ), tried as (
        insert into ledger.attempts (ledger_id, endpoint_id, seq, number, duration_ms, status, error)
        select g.ledger_id, finish_deliveries.endpoint, f.seq, f.number, f.took, f.http, f.reason
        from ledger.ledgers g, found f where g.ledger_id = l
        on conflict do nothing
    )
    update ledger.deliveries d
    set status = case when f.outcome = 'gone' then 'dead' else f.outcome end, attempts = f.attempts,
        last_status = f.http, last_error = f.reason,
        due_at = case when f.outcome = 'pending' then clock_timestamp() + make_interval(secs => f.retry_s)
            else d.due_at end,
        settled_at = case when f.outcome <> 'pending' then clock_timestamp() end
    from found f
    where d.endpoint_id = finish_deliveries.endpoint and d.ledger_id = l and d.seq = f.seq;
    if 'gone' = any (outcomes) then
        perform zerosum.disable_endpoint(l, finish_deliveries.endpoint, 'it answered 410 Gone');
    end if;
end $$;
