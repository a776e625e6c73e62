-- Return a wallet's entries, newest first, at most `max`, with versions below `before` (null:
-- from the newest): the version, and the entry as JSON text. No row if the wallet has none or
-- does not exist.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.list_entries(ledger bigint, wallet text, before bigint, max int)
returns table (version bigint, body text)
language sql stable security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_sort = off
    set jit = off as $$
    select e.version, concat('{"version":', e.version, ',"transaction":', e.transaction_id,
        ',"posting":', e.posting,
        ',"asset":"', e.asset, '","amount":', e.amount, ',"balance":', e.balance,
        ',"recorded_at":', zerosum.time_json(e.recorded_at), '}')
    from ledger.entries e
    where e.ledger_id = $1 and e.wallet_id = $2 and e.version < coalesce($3, 9223372036854775807)
    order by e.version desc
    limit $4
$$;
