-- Create a wallet. The same request again finds the wallet that it created. A null id becomes a
-- random one. min_balance and max_balance are digits with an optional minus, or null for no
-- limit. Ids that begin with @ are the operator's (admin). @world… belongs to nobody: a trigger
-- creates it with the first wallet of its asset. "." and ".." are refused: in a URL's path they
-- are steps.
-- Returns an outcome as post(): created or exists, with the wallet as body; or refused, with the
-- code and facts.
-- Locks: none beyond those of its insert.
-- Codes: none.
create or replace function zerosum.create_wallet(
    ledger bigint, id text, asset text, min_balance text default '0', max_balance text default null,
    metadata jsonb default '{}', admin boolean default false
) returns table (outcome text, body text)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    chosen constant text := coalesce($2, 'w_' || replace(gen_random_uuid()::text, '-', ''));
    integer constant text := '^(0|-?[1-9][0-9]{0,37})$';
    code text;
    made ledger.wallets;
begin
    code := case
        when length(chosen) not between 1 and 128 or chosen ~ '[^A-Za-z0-9_.:@-]'
            or chosen in ('.', '..') then 'invalid_wallet_id'
        when starts_with(chosen, '@world') or starts_with(chosen, '@') and not $7
            then 'reserved_wallet_id'
        when $4 !~ integer or $5 !~ integer or $4::numeric > $5::numeric
            or $4::numeric > 0 or $5::numeric < 0 then 'invalid_limits'
        when $6 is null or jsonb_typeof($6) <> 'object' or octet_length($6::text) > 16384
            then 'invalid_metadata'
        when not exists (select from ledger.assets a where a.ledger_id = $1 and a.code = $3)
            then 'unknown_asset'
    end;
    if code is not null then
        return query select 'refused',
            json_strip_nulls(json_build_object('code', code, 'wallet', chosen,
            'asset', case when code = 'unknown_asset' then $3 end))::text;
        return;
    end if;
    insert into ledger.wallets as w (ledger_id, id, asset, min_balance, max_balance, metadata)
    values ($1, chosen, $3, $4::numeric, $5::numeric, $6)
    on conflict (ledger_id, id) do nothing
    returning w.* into made;
    if made.id is not null then
        return query select 'created', zerosum.wallet_json(made);
        return;
    end if;
    select w.* into made from ledger.wallets w where w.ledger_id = $1 and w.id = chosen;
    if made.asset = $3 and made.min_balance is not distinct from $4::numeric
        and made.max_balance is not distinct from $5::numeric and made.metadata = $6
    then
        return query select 'exists', zerosum.wallet_json(made);
    else
        return query select 'refused',
            json_build_object('code', 'wallet_exists', 'wallet', chosen)::text;
    end if;
end $$;
