-- Return a transaction as its request was answered, with reversed_by: the ids of the
-- transactions that have reversed it, if there are any. An unknown id returns no row.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.read_transaction(ledger bigint, id bigint)
returns table (body text)
language sql stable security definer set search_path = pg_catalog,
    pg_temp set enable_seqscan = off as $$
    select case when r.ids is null then a.body
        else concat(left(a.body, -1), ',"reversed_by":[', r.ids, ']}') end
    from zerosum.answer($1, array[$2]) a
    left join lateral (
        select string_agg(t.id::text, ',' order by t.id) as ids from ledger.transactions t
        where t.origin_id = a.id and t.ledger_id = $1 and t.kind = 'reversal'
    ) r on true
$$;
