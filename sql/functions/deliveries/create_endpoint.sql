-- Create a webhook endpoint for the events that are stamped from now on. `more` is an object as
-- zerosum.changed_endpoint() reads it. The caller checks the url, and the relay checks it again at
-- each send. Returns the endpoint as JSON text; the caller shows `secret` this once.
-- Locks: the ledger's row in ledger.feeds, so that "from now on" is exact.
-- Codes: none (checks raise 23514).
create or replace function zerosum.create_endpoint(
    ledger bigint, url text, types text[], secret bytea, more jsonb default '{}'
) returns table (body text)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    made ledger.endpoints;
begin
    insert into ledger.endpoints as p (ledger_id, url, types, secret, sent_seq)
    select f.ledger_id, $2, $3, $4, f.last_seq
    from (select * from ledger.feeds f where f.ledger_id = $1 for update) f
    returning p.* into made;
    made := zerosum.changed_endpoint(made, more);
    perform zerosum.store_endpoint(made);
    return query select zerosum.endpoint_json(made);
end $$;
