-- Create a webhook endpoint for the events that are stamped from now on. `more` is an object as
-- zerosum.changed_endpoint() reads it. The caller checks the url, and the relay checks it again at
-- each send. secret, public_key: as zerosum.add_endpoint_secret() takes them.
-- Returns the endpoint as JSON text; the caller shows the secret this once.
-- Locks: the ledger's row in ledger.feeds, so that "from now on" is exact.
-- Codes: none (checks raise 23514).
create or replace function zerosum.create_endpoint(
    ledger bigint, url text, types text[], secret text, more jsonb default '{}',
    public_key bytea default null
) returns table (body text)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    last bigint;
    made ledger.endpoints;
begin
    select f.last_seq into last from ledger.feeds f where f.ledger_id = $1 for update;
    insert into ledger.endpoints as p (ledger_id, id, url, types, sent_seq)
    values ($1, nextval('ledger.endpoint_id'), $2, $3, last)
    returning p.* into made;
    made := zerosum.changed_endpoint(made, more);
    perform zerosum.store_endpoint(made);
    perform zerosum.add_endpoint_secret(made, secret, public_key);
    return query select zerosum.endpoint_json(made);
end $$;
