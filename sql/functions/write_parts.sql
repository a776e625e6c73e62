-- Write what post() decided about parts, the postings of holds and transactions that are captured, voided or reversed: how much of
-- each is captured and held, or reversed, now, and which holds are settled by it. Arguments are post()'s arrays after
-- decide(); places: where the rows of a hold's postings are; lefts_before, stati_before: what was read there.
-- By place, as write_wallets() has it and for its reasons; a part at a time cost six times as much.
-- Locks: none, the caller holds the wallets'. Codes: XX000 if a row was not where it should be.
create or replace function zerosum.write_parts(
    l bigint, at timestamptz, kinds text[], part_ids bigint[], part_numbers smallint[], part_stati text[],
    part_amounts numeric[], part_captured numeric[], part_lefts numeric[],
    places tid[], lefts_before numeric[], stati_before text[]
) returns void
language plpgsql
set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_indexscan = off
set enable_bitmapscan = off set jit = off set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare
    changed bool[];
    found_rows bigint;
begin
    for q in 1..cardinality(places) loop
        changed[q] := places[q] is not null and (part_lefts[q] <> lefts_before[q] or part_stati[q] <> stati_before[q]);
    end loop;
    if true = any (changed) then
        update ledger.hold_postings p
        set captured = u.captured, held = u.remaining, status = u.status,
            settled_at = case when u.status <> 'pending' then at end,
            due_at = case when u.status = 'pending' then p.due_at end
        from unnest(places, part_captured, part_lefts, part_stati, changed) u (place, captured, remaining, status, changed)
        where p.ledger_id = l and p.ctid = u.place and u.changed;
        get diagnostics found_rows = row_count;
        if found_rows <> cardinality(array_positions(changed, true)) then
            raise exception 'parts of holds are not where they were' using errcode = 'XX000';
        end if;
    end if;
    if 'reversal' = any (kinds) then
        insert into ledger.reversed_postings (ledger_id, transaction_id, posting, amount, reversed)
        select g.ledger_id, u.*
        from ledger.ledgers g, (
            select p.id, p.number, p.amount, p.captured
            from unnest(part_ids, part_numbers, part_amounts, part_captured, part_stati, part_lefts, lefts_before)
                p (id, number, amount, captured, status, remaining, before)
            where p.remaining <> p.before and p.status is null
        ) u
        where g.ledger_id = l
        on conflict (transaction_id, ledger_id, posting) do update set reversed = excluded.reversed;
    end if;
end $$;
