-- Return an entry as JSON text. Wallet ids need no escaping. The planner inlines this.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.entry_json(wallet text, amount numeric, balance numeric,
    version bigint)
returns text language sql stable as $$
    select concat('{"wallet":"', wallet, '","amount":', amount, ',"balance":', balance,
        ',"version":', version, '}')
$$;
