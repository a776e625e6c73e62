-- Return the code and facts of a refusal for a limit. `balance` is the wallet's balance before
-- the request, `would_be` after it. This reads the locked wallet once more: it is rare.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.limit_facts(
    ledger bigint, wallet text, balance numeric, would_be numeric, held numeric
) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
    select json_strip_nulls(json_build_object(
        'code', case
            when $4 - $5 < w.min_balance then 'insufficient_funds'
            when $4 > w.max_balance then 'max_balance_exceeded'
            else 'balance_overflow' end,
        'wallet', $2, 'asset', w.asset, 'posted', $3, 'held', $5, 'available', $3 - $5, 'would_be',
        $4,
        'min_balance', case when $4 < $3 then w.min_balance end,
        'max_balance', case when $4 > $3 then w.max_balance end))::text
    from ledger.wallets w where w.ledger_id = $1 and w.id = $2
$$;
