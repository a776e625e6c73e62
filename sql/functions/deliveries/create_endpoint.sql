-- Create a webhook endpoint for the events that are stamped from now on. The caller checks the
-- url, and the relay checks it again at each send. Returns the endpoint as JSON text; the caller
-- shows `secret` this once.
-- Locks: the ledger's row in ledger.feeds, so that "from now on" is exact.
-- Codes: none (checks raise 23514).
create or replace function zerosum.create_endpoint(
    ledger bigint, url text, types text[], secret bytea, description text default null,
    metadata jsonb default '{}'
) returns table (body text)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
    return query
        with f as (select * from ledger.feeds f where f.ledger_id = $1 for update)
        insert into ledger.endpoints as p (ledger_id, url, types, secret, sent_seq, description,
            metadata)
        select f.ledger_id, $2, $3, $4, f.last_seq, $5, $6 from f
        returning zerosum.endpoint_json(p);
end $$;
