-- Change an endpoint: `changes` is an object as zerosum.changed_endpoint() reads it. The caller
-- checks the url. What is not sent yet goes to the new url, and the new types, wallets and kinds
-- select it. A change that changes nothing writes nothing.
-- Returns the endpoint as JSON text; no row if it does not exist. Writes an event endpoint.changed.
-- Locks: the endpoint's row.
-- Codes: none (checks raise 23514).
create or replace function zerosum.change_endpoint(ledger bigint, endpoint bigint, changes jsonb)
returns table (body text)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    before ledger.endpoints;
    after ledger.endpoints;
begin
    select * into before from ledger.endpoints p
    where p.ledger_id = $1 and p.id = $2 and p.deleted_at is null
    for update;
    if not found then
        return;
    end if;
    after := zerosum.changed_endpoint(before, changes);
    if after is distinct from before then
        perform zerosum.store_endpoint(after);
        perform zerosum.endpoint_event(after, 'endpoint.changed');
    end if;
    body := zerosum.endpoint_json(after);
    return next;
end $$;
