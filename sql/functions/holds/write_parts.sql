-- Write what post() decided about parts: how much of each posting of a hold is captured and held
-- now, how much of each posting of a transaction is reversed, and which holds that settles.
-- before: the parts as they were read.
-- Rows are updated by place (ctid), as in write_wallets() and for its reasons; one statement a
-- part cost six times as much.
-- Locks: none; the caller has locked the wallets.
-- Codes: XX000 if a row was not where it should be.
create or replace function zerosum.write_parts(l bigint, at timestamptz, before ledger.parts,
    after ledger.parts) returns void
language plpgsql
set enable_indexscan = off set enable_bitmapscan = off as $$
#variable_conflict use_column
declare
    places constant tid[] := before.places;
    statuses_before constant text[] := before.statuses;
    remaining_before constant numeric[] := before.remaining;
    statuses constant text[] := after.statuses;
    remaining constant numeric[] := after.remaining;
    captured constant numeric[] := after.captured;
    changed ledger.changed_part[];
    reversed int[];
    found_rows bigint;
begin
    for slot in 1..coalesce(array_upper(remaining, 1), 0) loop
        if places[slot] is not null then
            if remaining[slot] <> remaining_before[slot] or statuses[slot] <> statuses_before[slot]
                then
                changed := changed || row(places[slot], captured[slot], remaining[slot],
                    statuses[slot])::ledger.changed_part;
            end if;
        elsif remaining[slot] <> remaining_before[slot] then
            reversed := reversed || slot;
        end if;
    end loop;
    if changed is not null then
        update ledger.hold_postings p
        set captured = c.captured, held = c.remaining, status = c.status,
            settled_at = case when c.status <> 'pending' then at end,
            due_at = case when c.status = 'pending' then p.due_at end
        from unnest(changed) c
        where p.ledger_id = l and p.ctid = c.place;
        get diagnostics found_rows = row_count;
        if found_rows <> cardinality(changed) then
            raise exception 'parts of holds are not where they were' using errcode = 'XX000';
        end if;
    end if;
    if reversed is not null then
        insert into ledger.reversed_postings (ledger_id, transaction_id, posting, amount, reversed)
        select g.ledger_id, u.*
        from ledger.ledgers g, (
            select after.origins[s.slot], after.postings[s.slot], after.amounts[s.slot],
                captured[s.slot]
            from unnest(reversed) s (slot)
        ) u
        where g.ledger_id = l
        on conflict (transaction_id, ledger_id, posting) do update set reversed = excluded.reversed;
    end if;
end $$;
