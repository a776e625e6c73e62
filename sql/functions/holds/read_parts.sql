-- Return what is left, as of `at`, of the parts that a batch's captures, voids and reversals
-- refer to: of a hold's posting what it still holds, of a transaction's posting what is not
-- reversed yet. Call this after locking their wallets: nobody else can change the parts then, so
-- their places (ctid) stay.
-- (The ORDER BY is what only the right index provides, and sorting is priced out: while entries
-- is empty both of its indexes cost the same, and the plan is kept. There are two statements,
-- since starting one costs as much as 20 rows of it and few batches have both kinds. The nested
-- loop of a lateral keeps the order of unnest.)
-- Locks: none.
-- Codes: none.
create or replace function zerosum.read_parts(
    l bigint, at timestamptz, kinds text[], postings ledger.posting[]
) returns ledger.parts
language plpgsql stable set search_path = pg_catalog, pg_temp set enable_seqscan = off
    set enable_sort = off set jit = off
set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare
    origins constant bigint[] := array(select p.origin from unnest(postings) p);
    parts ledger.parts;
    slots int[]; amounts numeric[]; captured numeric[]; remaining numeric[];
    also record;
begin
    if kinds && array['capture', 'void'] then
        -- (A request about a hold has all of the hold's postings, in order.)
        select array_agg(case when h.place is not null
            then array_position(origins, p.origin) + p.origin_posting - 1 end),
            array_agg(case when h.status = 'pending' and h.expires_at <= at then 'expired'
                else h.status::text end),
            array_agg(h.amount::numeric), array_agg(h.captured::numeric),
            array_agg(h.held::numeric), array_agg(h.place)
        into slots, parts.statuses, amounts, captured, remaining, parts.places
        from unnest(postings) p
        left join lateral (
            select h.ctid as place, h.* from ledger.hold_postings h
            where h.ledger_id = l and h.hold_id = p.origin and h.posting = p.origin_posting limit 1
        ) h on true;
    end if;
    if 'reversal' = any (kinds) then
        for also in
            select p.number, min(p.number) over (partition by p.origin, p.origin_posting) as slot,
                e.amount,
                coalesce(r.reversed, 0) as reversed
            from unnest(postings) p
            cross join lateral (
                select * from ledger.entries e
                where e.ledger_id = l and e.transaction_id = p.origin
                    and e.posting between p.origin_posting and p.origin_posting and e.amount > 0
                order by e.posting limit 1
            ) e
            left join lateral (
                select * from ledger.reversed_postings r
                where r.ledger_id = l and r.transaction_id = p.origin
                    and r.posting = p.origin_posting limit 1
            ) r on true
            order by p.number
        loop
            slots[also.number] := also.slot;
            amounts[also.number] := also.amount;
            captured[also.number] := also.reversed;
            remaining[also.number] := also.amount - also.reversed;
        end loop;
    end if;
    parts.origins := origins;
    parts.postings := array(select p.origin_posting from unnest(postings) p);
    parts.slots := slots;
    parts.amounts := amounts;
    parts.captured := captured;
    parts.remaining := remaining;
    return parts;
end $$;
