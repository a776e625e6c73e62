-- What is left of the parts that a batch's captures, voids and reversals are about, each once, as of `at`: of a hold's
-- posting what it holds, of a transaction's what is not reversed yet. origins and postings name them; the status is
-- a hold's, null for a transaction; the place is where the row of a hold's posting is. The caller has their wallets locked, and
-- calls this after that: nobody else changes them, so the places stay.
-- (The order is only in the index that is meant, and sorting is priced out: while entries is empty both its indexes cost the same,
-- and the plan is kept. Apart, since starting a statement costs as much as 20 rows of it, and few batches have both.)
-- Locks: none. Codes: none.
create or replace function zerosum.part_states(
    ledger bigint, at timestamptz, origins bigint[], postings smallint[], holds boolean, reversals boolean
) returns table (
    origin bigint, posting smallint, status text, amount numeric, captured numeric, remaining numeric, place tid
)
language plpgsql stable set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_sort = off set jit = off
set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare
    l constant bigint := ledger;
begin
    if holds then
        return query
        select x.origin, x.posting,
            case when p.status = 'pending' and p.expires_at <= at then 'expired' else p.status::text end,
            p.amount::numeric, p.captured::numeric, p.held::numeric, p.place
        from (select distinct u.origin, u.posting from unnest(origins, postings) u (origin, posting)) x
        cross join lateral (
            select p.ctid as place, p.* from ledger.hold_postings p
            where p.ledger_id = l and p.hold_id = x.origin and p.posting = x.posting limit 1
        ) p;
    end if;
    if reversals then
        return query
        select x.origin, x.posting, null, e.amount, coalesce(r.reversed, 0), e.amount - coalesce(r.reversed, 0), null::tid
        from (select distinct u.origin, u.posting from unnest(origins, postings) u (origin, posting)) x
        cross join lateral (
            select * from ledger.entries e
            where e.ledger_id = l and e.transaction_id = x.origin and e.posting between x.posting and x.posting
                and e.amount > 0
            order by e.posting limit 1
        ) e
        left join lateral (
            select * from ledger.reversed_postings r
            where r.ledger_id = l and r.transaction_id = x.origin and r.posting = x.posting limit 1
        ) r on true;
    end if;
end $$;
