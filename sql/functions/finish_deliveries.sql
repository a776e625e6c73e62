-- Record what came of deliveries of one endpoint; arrays of one length. outcome: delivered, dead, or pending (try again
-- in retry_s seconds). A delivery that is settled already stays so.
-- Locks: the deliveries' rows. Codes: none.
create or replace function zerosum.finish_deliveries(
    ledger bigint, endpoint bigint, seqs bigint[], outcomes text[], statuses int[], errors text[], retries_s float8[]
) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
    update ledger.deliveries d
    set status = u.outcome, attempts = d.attempts + 1, last_status = u.status, last_error = u.error,
        due_at = case when u.outcome = 'pending' then clock_timestamp() + make_interval(secs => u.retry_s)
            else d.due_at end,
        settled_at = case when u.outcome <> 'pending' then clock_timestamp() end
    from unnest($3, $4, $5, $6, $7) u (seq, outcome, status, error, retry_s)
    where d.ledger_id = $1 and d.endpoint_id = $2 and d.seq = u.seq and d.status = 'pending'
$$;
