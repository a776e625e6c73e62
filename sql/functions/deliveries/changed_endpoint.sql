-- Return an endpoint as these changes leave it: an object with url, types, wallets and kinds
-- (arrays), description (null for none) and metadata (replaced as a whole). A missing member stays
-- as it is.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.changed_endpoint(p ledger.endpoints, changes jsonb)
returns ledger.endpoints
language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
begin
    p.url := coalesce(changes ->> 'url', p.url);
    p.metadata := coalesce(changes -> 'metadata', p.metadata);
    if changes ? 'types' then
        p.types := array(select jsonb_array_elements_text(changes -> 'types'));
    end if;
    if changes ? 'wallets' then
        p.wallets := array(select jsonb_array_elements_text(changes -> 'wallets'));
    end if;
    if changes ? 'kinds' then
        p.kinds := array(select jsonb_array_elements_text(changes -> 'kinds'));
    end if;
    if changes ? 'description' then
        p.description := changes ->> 'description';
    end if;
    return p;
end $$;
