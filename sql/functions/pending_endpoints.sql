-- The ledger's enabled endpoints that have a pending delivery, and when the earliest is due.
-- Locks: none. Codes: none.
create or replace function zerosum.pending_endpoints(ledger bigint)
returns table (endpoint_id bigint, due_at timestamptz)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select p.id, d.due_at
    from ledger.endpoints p
    cross join lateral (
        select d.due_at from ledger.deliveries d
        where d.ledger_id = p.ledger_id and d.endpoint_id = p.id and d.status = 'pending'
        order by d.due_at limit 1
    ) d
    where p.ledger_id = $1 and p.disabled_at is null
$$;
