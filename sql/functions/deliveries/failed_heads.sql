-- Return the deliveries to an endpoint that were tried and will be retried, and whose first try
-- was less than so many seconds ago: the seq, how many seconds ago that was, and the event's type
-- and body.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.failed_heads(ledger bigint, endpoint bigint, seconds float8)
returns table (seq bigint, failed_s float8, type text, body text)
language sql stable security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off as $$
    with heads as materialized (
        select d.seq, extract(epoch from clock_timestamp() - (
            select min(a.at) from ledger.attempts a
            where a.endpoint_id = d.endpoint_id and a.ledger_id = d.ledger_id and a.seq = d.seq
        )) as failed_s
        from ledger.deliveries d
        where d.ledger_id = $1 and d.endpoint_id = $2 and d.status = 'pending' and d.attempts > 0
    )
    select h.seq, h.failed_s::float8, v.type, v.body
    from heads h
    join zerosum.events_at($1, array(select h.seq from heads h where h.failed_s < $3)) v
        on v.seq = h.seq
    where h.failed_s < $3
$$;
