-- Create an asset. The same request again finds it. scale: the number of decimal places, 0 to
-- 38.
-- Returns an outcome as post(): created or exists, with the asset as body; or refused, with the
-- code and facts.
-- Locks: none beyond those of its insert.
-- Codes: none.
create or replace function zerosum.create_asset(ledger bigint, code text, scale int)
returns table (outcome text, body text)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    made ledger.assets;
begin
    if $2 is null or $2 !~ '^[A-Za-z0-9_.-]{1,32}$' or $3 is null or $3 not between 0 and 38 then
        return query select 'refused',
            json_build_object('code', 'invalid_asset', 'asset', $2)::text;
        return;
    end if;
    insert into ledger.assets as a (ledger_id, code, scale)
    select g.ledger_id, $2, $3 from ledger.ledgers g where g.ledger_id = $1
    on conflict do nothing
    returning a.* into made;
    if made.code is not null then
        return query select 'created', zerosum.asset_json(made);
        return;
    end if;
    select a.* into made from ledger.assets a where a.ledger_id = $1 and a.code = $2;
    if made.scale = $3 then
        return query select 'exists', zerosum.asset_json(made);
    else
        return query select 'refused',
            json_build_object('code', 'asset_exists', 'asset', $2, 'scale', made.scale)::text;
    end if;
end $$;
