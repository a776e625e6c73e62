-- Return the ledger's transactions, newest first, at most `max`, with ids below `before` (null:
-- from the newest): the id, and the transaction as JSON text.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.list_transactions(ledger bigint, before bigint, max int)
returns table (id bigint, body text)
language sql stable security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_sort = off
    set jit = off as $$
    -- The sum spells the index that only lists use. Rows are compared: with `ledger_id + 0 = $1
    -- order by id` the primary key gives the order too, and the planner takes that key where it
    -- believes that this ledger's rows are everywhere, though thousands of another ledger may come
    -- first.
    select a.id, a.body
    from zerosum.answer($1, array(
        select t.id from ledger.transactions t
        where (t.ledger_id + 0, t.id) > ($1, 0)
            and (t.ledger_id + 0, t.id) < ($1, coalesce($2, 9223372036854775807))
        order by t.ledger_id + 0 desc, t.id desc
        limit $3
    )) a
    order by a.id desc
$$;
