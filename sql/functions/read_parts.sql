-- What is left of the parts that a batch's captures, voids and reversals are about, as of `at`: of a hold's posting what it
-- holds, of a transaction's what is not reversed yet. origins and postings name one for each of post()'s postings (null:
-- none); what comes back is as long. slots says where each part is: one that several requests are about is at the first of
-- them, for all. The status is a hold's, null for a transaction; the place is where the row of a hold's posting is. The
-- caller has their wallets locked, and calls this after that: nobody else changes them, so the places stay.
-- (The order is only in the index that is meant, and sorting is priced out: while entries is empty both its indexes cost the same,
-- and the plan is kept. Apart, since starting a statement costs as much as 20 rows of it, and few batches have both. The nested loop
-- of a lateral keeps the order of unnest.)
-- Locks: none. Codes: none.
create or replace function zerosum.read_parts(
    l bigint, at timestamptz, origins bigint[], postings smallint[], holds boolean, reversals boolean,
    out slots int[], out stati text[], out amounts numeric[], out captured numeric[], out lefts numeric[], out places tid[]
)
language plpgsql stable set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_sort = off set jit = off
set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare
    also record;
begin
    if holds then
        -- (A request about a hold has all of its postings, in order.)
        select array_agg(case when p.place is not null then array_position(origins, u.origin) + u.posting - 1 end),
            array_agg(case when p.status = 'pending' and p.expires_at <= at then 'expired' else p.status::text end),
            array_agg(p.amount::numeric), array_agg(p.captured::numeric), array_agg(p.held::numeric), array_agg(p.place)
        into slots, stati, amounts, captured, lefts, places
        from unnest(origins, postings) u (origin, posting)
        left join lateral (
            select p.ctid as place, p.* from ledger.hold_postings p
            where p.ledger_id = l and p.hold_id = u.origin and p.posting = u.posting limit 1
        ) p on true;
    else
        slots := array_fill(null::int, array[cardinality(origins)]);
        stati := slots;
        amounts := slots;
        captured := slots;
        lefts := slots;
        places := array_fill(null::tid, array[cardinality(origins)]);
    end if;
    if reversals then
        for also in
            select u.i, min(u.i) over (partition by u.origin, u.posting) as slot, e.amount, coalesce(r.reversed, 0) as reversed
            from unnest(origins, postings) with ordinality u (origin, posting, i)
            cross join lateral (
                select * from ledger.entries e
                where e.ledger_id = l and e.transaction_id = u.origin and e.posting between u.posting and u.posting
                    and e.amount > 0
                order by e.posting limit 1
            ) e
            left join lateral (
                select * from ledger.reversed_postings r
                where r.ledger_id = l and r.transaction_id = u.origin and r.posting = u.posting limit 1
            ) r on true
            order by u.i
        loop
            slots[also.i] := also.slot;
            amounts[also.i] := also.amount;
            captured[also.i] := also.reversed;
            lefts[also.i] := also.amount - also.reversed;
        end loop;
    end if;
end $$;
