-- Of the release before: its relay may still send what waits to be tried again.
-- The endpoint's deliveries that are due, at most `max`, those due longest first, less those in `busy` (their seqs):
-- what is needed to send each. No row when the endpoint is disabled or gone.
-- (Taken by due_at alone, which is the index's order: with seq besides, all that are pending may be sorted.)
-- Locks: none: one relay sends, the lease sees to that. Codes: none.
create or replace function zerosum.due_deliveries(ledger bigint, endpoint bigint, max int, busy bigint[] default '{}')
returns table (seq bigint, attempts int, url text, secret bytea, id uuid, body text)
language sql stable security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off as $$
    select d.seq, d.attempts, p.url, p.secret, v.id, v.body
    from ledger.endpoints p
    cross join lateral (
        select d.seq, d.attempts, d.due_at from ledger.deliveries d
        where d.ledger_id = $1 and d.endpoint_id = p.id and d.status = 'pending'
            and d.due_at <= clock_timestamp() and d.seq <> all ($4)
        order by d.due_at limit $3
    ) d
    cross join lateral (
        select v.id, v.body from ledger.events v where v.ledger_id = $1 and v.seq = d.seq limit 1
    ) v
    where p.ledger_id = $1 and p.id = $2 and p.disabled_at is null
    order by d.due_at, d.seq
$$;
