-- Change a wallet's limits or metadata. `changes` is an object with min_balance, max_balance
-- (digits with an optional minus, or null for none) and metadata (replaced as a whole). A
-- missing member stays as it is. Limits that exclude the balance are refused; a wallet that was
-- forced below its floor keeps that floor or gets a lower one. A change that changes nothing
-- writes nothing.
-- Returns an outcome as post(): done or refused, with the wallet or the code and facts as body.
-- Writes an event wallet.changed.
-- Locks: the wallet's row.
-- Codes: none.
create or replace function zerosum.change_wallet(ledger bigint, id text, changes jsonb,
    admin boolean default false)
returns table (outcome text, body text)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    integer constant text := '^(0|-?[1-9][0-9]{0,37})$';
    refusal constant text := zerosum.lock_wallet($1, $2, $4);
    w ledger.wallets;
    low numeric;
    high numeric;
    told jsonb;
    code text;
begin
    if refusal is not null then
        return query select 'refused', refusal;
        return;
    end if;
    select x.* into w from ledger.wallets x where x.ledger_id = $1 and x.id = $2;
    code := case
        when w.status = 'closed' then 'wallet_closed'
        when jsonb_typeof($3) is distinct from 'object'
            or $3 - array['min_balance', 'max_balance', 'metadata'] <> '{}'
            then 'invalid_limits'
        when $3 ->> 'min_balance' !~ integer or $3 ->> 'max_balance' !~ integer
            then 'invalid_limits'
        when $3 ? 'metadata' and (jsonb_typeof($3 -> 'metadata') <> 'object'
            or octet_length(($3 -> 'metadata')::text) > 16384) then 'invalid_metadata'
    end;
    if code is null then
        low := case when $3 ? 'min_balance' then ($3 ->> 'min_balance')::numeric
            else w.min_balance end;
        high := case when $3 ? 'max_balance' then ($3 ->> 'max_balance')::numeric
            else w.max_balance end;
        told := case when $3 ? 'metadata' then $3 -> 'metadata' else w.metadata end;
        code := case when low > 0 or high < 0 then 'invalid_limits'
            when w.posted - w.held < low
                and (low is distinct from w.min_balance or w.floor_debt = 0)
                or w.posted > high then 'balance_outside_limits' end;
    end if;
    if code is not null then
        return query select 'refused',
            json_strip_nulls(json_build_object('code', code, 'wallet', w.id,
            'posted', case when code = 'balance_outside_limits' then w.posted end,
            'available', case when code = 'balance_outside_limits'
                then w.posted - w.held end))::text;
        return;
    end if;
    if (low, high, told) is distinct from (w.min_balance, w.max_balance, w.metadata) then
        update ledger.wallets x set min_balance = low, max_balance = high, metadata = told,
            floor_debt = case when low is not distinct from w.min_balance then w.floor_debt
                else 0 end
        where x.ledger_id = $1 and x.id = $2 returning x.* into w;
        perform zerosum.wallet_event(w, 'wallet.changed');
    end if;
    return query select 'done', zerosum.wallet_json(w);
end $$;
