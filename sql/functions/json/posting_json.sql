-- Return a posting as JSON text. Wallet ids and asset codes need no escaping. The planner
-- inlines this.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.posting_json(source text, destination text, amount numeric,
    asset text)
returns text language sql stable as $$
    select concat('{"source":"', source, '","destination":"', destination,
        '","amount":', amount, ',"asset":"', asset, '"}')
$$;
