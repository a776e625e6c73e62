-- Delete an endpoint: nothing more is sent there, and pending deliveries are given up. Its
-- deliveries stay for people to look at.
-- Locks: the endpoint's row, its replays, its pending deliveries: replays before deliveries, as
-- zerosum.advance_replays() does.
-- Codes: none; false if it does not exist.
create or replace function zerosum.delete_endpoint(ledger bigint, endpoint bigint) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    moment constant timestamptz := clock_timestamp();
begin
    update ledger.endpoints p
    set deleted_at = moment, disabled_at = coalesce(p.disabled_at, moment)
    where p.ledger_id = $1 and p.id = $2 and p.deleted_at is null;
    if not found then
        return false;
    end if;
    update ledger.replays r set cancelled = true, finished_at = moment
    where r.endpoint_id = $2 and r.ledger_id = $1 and r.finished_at is null;
    update ledger.deliveries d
    set status = 'dead', settled_at = moment, last_error = 'the endpoint was deleted'
    where d.endpoint_id = $2 and d.ledger_id = $1 and d.status = 'pending';
    return true;
end $$;
