-- Disable an endpoint, with an event endpoint.disabled. Pending deliveries stay pending until it
-- is enabled.
-- Locks: the endpoint's row.
-- Codes: none; false if it does not exist or is disabled already.
create or replace function zerosum.disable_endpoint(ledger bigint, endpoint bigint, reason text)
returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    moment constant timestamptz := clock_timestamp();
    p ledger.endpoints;
begin
    update ledger.endpoints e set disabled_at = moment, disabled_reason = $3
    where e.ledger_id = $1 and e.id = $2 and e.disabled_at is null and e.deleted_at is null
    returning * into p;
    if p.id is null then
        return false;
    end if;
    perform zerosum.endpoint_event(p, 'endpoint.disabled', p.disabled_at);
    return true;
end $$;
