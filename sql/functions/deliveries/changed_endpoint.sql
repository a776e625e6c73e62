-- Return an endpoint as these changes leave it: an object with url, types, wallets and kinds
-- (arrays), amounts, timeout_s, concurrency, ordered, rate_limit and description (null for none),
-- metadata, and headers (the text to store; null for none) with header_names. Objects and arrays
-- are replaced as a whole. A missing member stays as it is.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.changed_endpoint(p ledger.endpoints, changes jsonb)
returns ledger.endpoints
language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
begin
    p.url := coalesce(changes ->> 'url', p.url);
    p.metadata := coalesce(changes -> 'metadata', p.metadata);
    p.amounts := coalesce(changes ->> 'amounts', p.amounts);
    p.ordered := coalesce((changes -> 'ordered')::boolean, p.ordered);
    p.timeout_s := coalesce((changes -> 'timeout_s')::int, p.timeout_s);
    p.concurrency := coalesce((changes -> 'concurrency')::int, p.concurrency);
    if changes ? 'types' then
        p.types := array(select jsonb_array_elements_text(changes -> 'types'));
    end if;
    if changes ? 'wallets' then
        p.wallets := array(select jsonb_array_elements_text(changes -> 'wallets'));
    end if;
    if changes ? 'kinds' then
        p.kinds := array(select jsonb_array_elements_text(changes -> 'kinds'));
    end if;
    if changes ? 'headers' then
        p.headers := changes ->> 'headers';
        p.header_names := array(select jsonb_array_elements_text(changes -> 'header_names'));
    end if;
    if changes ? 'rate_limit' then
        p.rate_limit := changes ->> 'rate_limit';
    end if;
    if changes ? 'description' then
        p.description := changes ->> 'description';
    end if;
    return p;
end $$;
