-- Return an asset as JSON text. Codes need no escaping.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.asset_json(a ledger.assets) returns text
language sql stable as $$
    select concat('{"code":"', a.code, '","scale":', a.scale, '}')
$$;
