-- Write an event of an endpoint, in the transaction of the caller, who has locked its row. at: when
-- it happened, now unless given. Returns the event's id.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.endpoint_event(
    p ledger.endpoints, type text, at timestamptz default null
) returns uuid
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    event constant uuid := gen_random_uuid();
begin
    insert into ledger.outbox (ledger_id, ord, id, aggregatetype, aggregateid, type, payload,
        recorded_at)
    values (p.ledger_id, nextval('ledger.outbox_ord'), event, 'endpoint', p.id::text, $2,
        zerosum.endpoint_json(p), coalesce($3, clock_timestamp()));
    return event;
end $$;
