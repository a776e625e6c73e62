-- Enable an endpoint, with an event endpoint.enabled. It gets what comes, and what has come
-- meanwhile.
-- Locks: the endpoint's row.
-- Codes: none; false if it does not exist.
create or replace function zerosum.enable_endpoint(ledger bigint, endpoint bigint) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    p ledger.endpoints;
begin
    update ledger.endpoints e set disabled_at = null, disabled_reason = null,
        failing_since = null, warned_at = null
    where e.ledger_id = $1 and e.id = $2 and e.disabled_at is not null and e.deleted_at is null
    returning * into p;
    if p.id is not null then
        perform zerosum.endpoint_event(p, 'endpoint.enabled');
    end if;
    return exists (
        select from ledger.endpoints e where e.ledger_id = $1 and e.id = $2
            and e.deleted_at is null);
end $$;
