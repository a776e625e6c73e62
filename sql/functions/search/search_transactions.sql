-- Return the ledger's transactions that fit all that is given, newest first, at most `max`, with
-- ids below `before` (null: from the newest): the id, and the transaction as JSON text.
-- - wallet: the transaction has an entry of this wallet. (Holds and voids have no entries.)
-- - kind, reference: as the transaction's.
-- - key: its idempotency key.
-- - since, until: it was recorded at `since` or later, and before `until`. The search begins and
--   ends a second around both, so that it finds all as long as ids follow the clock that closely.
-- - keys, vals: its metadata has these keys with these values as text.
-- At most 10,000 transactions are looked at. If there may be more then, the last row has the id
-- where to go on, and no body.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.search_transactions(ledger bigint, before bigint, max int,
    wallet text default null, kind text default null, reference text default null,
    key text default null, since timestamptz default null, until timestamptz default null,
    keys text[] default '{}', vals text[] default '{}'
) returns table (id bigint, body text)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off
    set jit = off as $$
#variable_conflict use_column
declare
    l constant bigint := $1;
    most constant int := 10000;
    skew constant interval := '1 second';
    first constant bigint := case when $8 is null then 0
        else zerosum.transaction_at(l, $8 - skew) end;
    past bigint := least(coalesce($2, 9223372036854775807),
        case when $9 is not null then zerosum.transaction_at(l, $9 + skew) end);
    -- Is no wallet wanted, or does next_transactions() go by the wallet?
    by_wallet constant boolean := $4 is null or ($6 is null and $7 is null);
    looked bigint[];
    found_ids bigint[] := '{}';
    step int := least($3, 1000);
    left_to_look int := most;
begin
    loop
        looked := zerosum.next_transactions(l, first, past, step, $4, $6, $7);
        exit when cardinality(looked) = 0;
        found_ids := found_ids || array(
            select t.id
            from unnest(looked) with ordinality i (id, place)
            cross join lateral (
                select * from ledger.transactions t where t.ledger_id = l and t.id = i.id limit 1
            ) t
            where t.kind = coalesce($5, t.kind)
                and (by_wallet or $4 = any (array(
                    select e.wallet_id from ledger.entries e
                    where e.transaction_id = t.id and e.ledger_id = l)))
                and ($6 is null or t.reference = $6)
                and ($8 is null or t.recorded_at >= $8) and ($9 is null or t.recorded_at < $9)
                and not exists (
                    select from unnest($10, $11) f (key, val)
                    where t.metadata ->> f.key is distinct from f.val)
            order by i.place limit $3 - cardinality(found_ids));
        exit when cardinality(found_ids) = $3;
        past := looked[cardinality(looked)];
        left_to_look := left_to_look - step;
        exit when left_to_look <= 0;
        step := least(step * 2, 1000, left_to_look);
    end loop;
    return query select a.id, a.body from zerosum.answer(l, found_ids) a order by a.id desc;
    if left_to_look <= 0 and cardinality(found_ids) < $3 then
        id := past;
        body := null;
        return next;
    end if;
end $$;
