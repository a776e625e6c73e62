-- Register a webhook endpoint for the events stamped from now on. The url is checked by the caller, again at each send.
-- Returns the endpoint as JSON text, its secret included: the only time that it is shown.
-- Locks: the ledger's row in ledger.feeds, so that "from now on" has an edge. Codes: none (checks raise 23514).
create or replace function zerosum.create_endpoint(ledger bigint, url text, types text[], secret bytea)
returns table (body text)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
    perform from ledger.feeds f where f.ledger_id = $1 for update;
    return query
        insert into ledger.endpoints as p (ledger_id, url, types, secret)
        select g.ledger_id, $2, $3, $4 from ledger.ledgers g where g.ledger_id = $1
        returning concat('{"id":', p.id, ',"url":', to_json(p.url), ',"types":', to_json(p.types),
            ',"secret":"whsec_', translate(encode(p.secret, 'base64'), E'\n', ''), '","status":"enabled"',
            ',"created_at":', zerosum.time_json(p.created_at), '}');
end $$;
