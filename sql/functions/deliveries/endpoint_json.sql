-- Return an endpoint as JSON text, without its secret. No other function spells endpoints.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.endpoint_json(p ledger.endpoints) returns text
language sql stable as $$
    select concat('{"id":', p.id, ',"url":', to_json(p.url), ',"types":', to_json(p.types),
        ',"wallets":', to_json(p.wallets), ',"kinds":', to_json(p.kinds),
        ',"status":"', case when p.disabled_at is null then 'enabled' else 'disabled' end,
        '","disabled_reason":', coalesce(to_json(p.disabled_reason)::text, 'null'),
        ',"description":', coalesce(to_json(p.description)::text, 'null'),
        ',"metadata":', p.metadata, ',"created_at":', zerosum.time_json(p.created_at), '}')
$$;
