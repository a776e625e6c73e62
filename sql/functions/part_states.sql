-- What is left of the parts that a batch's captures, voids and reversals are about, each once, as of `at`: of a hold's
-- posting what it holds, of a transaction's what is not reversed yet. origins and postings name them; the status is
-- a hold's, null for a transaction; the places are where the rows of the hold and its posting are. The caller has their wallets
-- locked, and calls this after that: nobody else changes them, so the places stay.
-- (The order is only in the index that is meant, and sorting is priced out: while entries is empty both its indexes cost the same,
-- and the plan is kept.)
-- Locks: none. Codes: none.
create or replace function zerosum.part_states(
    ledger bigint, at timestamptz, origins bigint[], postings smallint[]
) returns table (
    origin bigint, posting smallint, status text, amount numeric, captured numeric, remaining numeric, hold_place tid, place tid
)
language plpgsql stable set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_sort = off set jit = off
set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare
    l constant bigint := ledger;
begin
    return query
    select x.origin, x.posting,
        case when h.status = 'pending' and h.expires_at <= at then 'expired' else h.status end,
        coalesce(p.amount, e.amount), coalesce(p.captured, r.reversed, 0),
        coalesce(p.held, e.amount - coalesce(r.reversed, 0)), h.place, p.place
    from (
        select distinct u.origin, u.posting from unnest(origins, postings) u (origin, posting) where u.origin is not null
    ) x
    left join lateral (
        select h.ctid as place, h.* from ledger.holds h where h.ledger_id = l and h.id = x.origin limit 1
    ) h on true
    left join lateral (
        select p.ctid as place, p.* from ledger.hold_postings p
        where p.ledger_id = l and p.hold_id = x.origin and p.posting = x.posting limit 1
    ) p on true
    left join lateral (
        select * from ledger.entries e
        where e.ledger_id = l and e.transaction_id = x.origin and e.posting between x.posting and x.posting and e.amount > 0
        order by e.posting limit 1
    ) e on true
    left join lateral (
        select * from ledger.reversed_postings r
        where r.ledger_id = l and r.transaction_id = x.origin and r.posting = x.posting limit 1
    ) r on true
    order by x.origin, x.posting;
end $$;
