-- An entry as JSON text; wallet ids need no escaping. The planner inlines it.
-- Locks: none. Codes: none.
create or replace function zerosum.entry_json(wallet text, amount numeric, balance numeric, version bigint)
returns text language sql stable as $$
    select concat('{"wallet":"', wallet, '","amount":', amount, ',"balance":', balance,
        ',"version":', version, '}')
$$;
