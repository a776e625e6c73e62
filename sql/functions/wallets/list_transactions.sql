-- Return the ledger's transactions, newest first, at most `max`, with ids below `before` (null:
-- from the newest): the id, and the transaction as JSON text. ledger_id + 0 spells the index
-- that only lists use.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.list_transactions(ledger bigint, before bigint, max int)
returns table (id bigint, body text)
language sql stable security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_sort = off
    set jit = off as $$
    select a.id, a.body
    from zerosum.answer($1, array(
        select t.id from ledger.transactions t
        where t.ledger_id + 0 = $1 and t.id < coalesce($2, 9223372036854775807)
        order by t.id desc
        limit $3
    )) a
    order by a.id desc
$$;
