-- Record the outcomes of deliveries to one endpoint, and that every event up to sent_to is sent
-- or recorded. The arrays have one length. An outcome is delivered; pending (retry in retry_s
-- seconds); dead; or gone (dead, and the endpoint is disabled, with its event). A failed try is
-- an attempt; the delivery itself has the try that arrived. A settled delivery stays settled.
-- addresses: what was dialled; answers: the beginning of the answers' bodies. disable_after_s: as
-- zerosum.judge_endpoint() takes it.
-- The caller's transaction commits without waiting for the disk, so the relay calls this in a
-- transaction of its own.
-- Locks: the endpoint's row, its deliveries by seq.
-- Codes: ZS301 the holder has lost the lease.
create or replace function zerosum.record_deliveries(
    ledger bigint, endpoint bigint, sent_to bigint, seqs bigint[], outcomes text[], statuses int[],
    errors text[], durations_ms int[], retries_s float8[], holder text default null,
    addresses text[] default '{}', answers text[] default '{}', disable_after_s float8 default 0
) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off as $$
declare
    l constant bigint := ledger;
    target constant bigint := endpoint;
begin
    perform zerosum.check_lease(l, holder);
    -- Losing this commit only means that deliveries are sent again, and a flush would cost those
    -- who post.
    perform set_config('synchronous_commit', 'off', true);
    update ledger.endpoints p set sent_seq = sent_to where p.ledger_id = l and p.id = target
        and p.sent_seq < sent_to;
    if 'gone' = any (outcomes) then
        perform zerosum.disable_endpoint(l, target, 'it answered 410 Gone');
    elsif cardinality(outcomes) > 0 then
        perform zerosum.judge_endpoint(l, target, 'delivered' = any (outcomes), disable_after_s);
    end if;
    -- An upsert, since an UPDATE that joins is planned by statistics and may read every delivery
    -- of the endpoint; an upsert can only probe the key.
    with told as (
        insert into ledger.deliveries as d (ledger_id, endpoint_id, seq, status, due_at, attempts,
            last_status, last_error, duration_ms, settled_at, address, answer)
        select g.ledger_id, target, u.seq, case when u.outcome = 'gone' then 'dead'
            else u.outcome end,
            clock_timestamp() + make_interval(secs => coalesce(u.retry_s, 0)), 1, u.http, u.reason,
            u.took, case when u.outcome <> 'pending' then clock_timestamp() end, u.address, u.answer
        from ledger.ledgers g,
            unnest(seqs, outcomes, statuses, errors, durations_ms, retries_s, addresses, answers)
            u (seq, outcome, http, reason, took, retry_s, address, answer)
        where g.ledger_id = l
        order by u.seq
        on conflict (endpoint_id, ledger_id, seq) do update
        set status = excluded.status, due_at = excluded.due_at, attempts = d.attempts + 1,
            last_status = excluded.last_status, last_error = excluded.last_error,
            duration_ms = excluded.duration_ms, settled_at = excluded.settled_at,
            address = excluded.address, answer = excluded.answer
        where d.status = 'pending'
        returning d.*
    )
    insert into ledger.attempts (ledger_id, endpoint_id, seq, number, duration_ms, status, error,
        address, answer)
    select g.ledger_id, target, t.seq, coalesce((
            select max(a.number) from ledger.attempts a
            where a.endpoint_id = target and a.ledger_id = l and a.seq = t.seq), 0) + 1,
        t.duration_ms, t.last_status, t.last_error, t.address, t.answer
    from ledger.ledgers g, told t where g.ledger_id = l and t.status <> 'delivered'
    on conflict do nothing;
end $$;
