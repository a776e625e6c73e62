-- Write an event endpoint.test, which goes to this endpoint alone, whatever its types, and is tried
-- once. It is in the feed and goes to sinks as any other event does.
-- Returns the event's id; null if the endpoint does not exist or is disabled.
-- Locks: the endpoint's row, shared, so that it is not disabled meanwhile.
-- Codes: none.
create or replace function zerosum.test_endpoint(ledger bigint, endpoint bigint) returns uuid
language sql security definer set search_path = pg_catalog, pg_temp as $$
    select zerosum.endpoint_event(p, 'endpoint.test')
    from (
        select p.* from ledger.endpoints p
        where p.ledger_id = $1 and p.id = $2 and p.disabled_at is null and p.deleted_at is null
        for share
    ) p
$$;
