-- Decide the requests of a batch in order, in memory; each request sees what the earlier ones
-- did. This is the heart of post().
-- The arguments are post()'s. In `locked`, each array has one element a wallet; in `parts`, one
-- element a part of a posting. repeat_of: for a request that repeats another one of the batch,
-- that one's number.
-- Returns the wallets and parts after the batch; moves: the postings of the requests that
-- posted, in order; extras: for each request the further members of its answer.
-- A request applies its postings one by one, and takes them back when something is wrong. A unit
-- (an atomic batch) copies everything when it begins. When one of its requests is refused, the
-- copy is restored, and the other requests of the unit become `undone` (or `busy`).
-- Locks: none; the caller holds them.
-- Codes: none.
create or replace function zerosum.decide(
    l bigint, at timestamptz, requests ledger.request[], postings ledger.posting[], firsts int[],
    lasts int[],
    fingerprints bytea[], inout outcomes text[], inout bodies text[], inout repeat_of int[],
    inout locked ledger.locked_wallets, inout parts ledger.parts, out moves ledger.move[],
    out extras text[]
) language plpgsql as $$
declare
    -- The wallets, by slot. plpgsql copies a record's arrays at each change, so these are
    -- variables.
    slots constant jsonb := locked.slots;
    assets constant text[] := locked.assets;
    statuses constant text[] := locked.statuses;
    ceilings constant numeric[] := locked.ceilings;
    balances numeric[] := locked.balances;
    versions bigint[] := locked.versions;
    held numeric[] := locked.held;
    floors numeric[] := locked.floors;
    debts numeric[] := locked.debts;
    indebted boolean := 0 < any (debts);
    -- The parts, by slot.
    part_slots constant int[] := parts.slots;
    remaining numeric[] := parts.remaining;
    captured numeric[] := parts.captured;
    part_statuses text[] := parts.statuses;
    -- Of each posting: its wallets and its part, by slot; what it moves; what it releases of held
    -- value or of a part.
    sources int[]; destinations int[]; part int;
    moved numeric[]; freed numeric[];
    move_count int := 0;
    -- The current request, and what is wrong with it: code and facts, or the wallet whose limit
    -- it breaks.
    request ledger.request; posting ledger.posting;
    first int; last int; applied_to int; moves_before int; entry_posting int; earlier int;
    source int; destination int; amount numeric; short_part int;
    fault text; broken int; available_then numeric; forced text; left_over numeric; status text;
    -- The current unit, and a copy of everything as it was when the unit began.
    unit int; unit_first int; failed_unit int; failed_as text; unit_moves int;
    unit_balances numeric[]; unit_versions bigint[]; unit_held numeric[]; unit_floors numeric[];
        unit_debts numeric[];
    unit_remaining numeric[]; unit_captured numeric[]; unit_part_statuses text[];
begin
    <<requests>>
    for i in 1..cardinality(requests) loop
        request := requests[i];

        -- 1. Begin a unit; skip the rest of a failed unit.
        if request.unit is distinct from unit then
            unit := request.unit;
            unit_first := i;
            if unit is not null then
                unit_moves := move_count;
                unit_balances := balances;
                unit_versions := versions;
                unit_held := held;
                unit_floors := floors;
                unit_debts := debts;
                unit_remaining := remaining;
                unit_captured := captured;
                unit_part_statuses := part_statuses;
            end if;
        end if;
        if unit = failed_unit then
            outcomes[i] := failed_as;
            continue requests;
        end if;

        -- 2. Settle a repeat of an earlier request of this batch.
        earlier := repeat_of[i];
        if earlier is not null and outcomes[i] is null then
            while outcomes[earlier] in ('refused', 'undone') loop
                earlier := repeat_of[earlier];
            end loop;
            if outcomes[earlier] = 'replayed' then
                earlier := repeat_of[earlier];
            end if;
            repeat_of[i] := earlier;
            if earlier is not null then
                if fingerprints[i] = fingerprints[earlier] then
                    outcomes[i] := 'replayed';
                else
                    outcomes[i] := 'refused';
                    bodies[i] := json_build_object('code', 'idempotency_key_reused');
                end if;
            end if;
        end if;

        fault := null;
        broken := null;
        moves_before := move_count;
        first := firsts[i];
        last := lasts[i];
        applied_to := first - 1;
        if outcomes[i] is null then
            -- 3. Check the conditions on the state before the request.
            if request.conditions is not null then
                fault := zerosum.condition_facts(request.conditions, locked.ids, versions, balances,
                    held, false);
            end if;
            if fault is null and request.kind = 'hold'
                and (request.options ->> 'expires_at')::timestamptz <= at then
                fault := '{"code" : "invalid_expires_at"}';
            end if;

            -- 4. Apply the request's postings.
            entry_posting := 0;
            short_part := null;
            if fault is null then
                for p in first..last loop
                    posting := postings[p];
                    source := (slots -> posting.source)::int;
                    destination := (slots -> posting.destination)::int;
                    if not coalesce(assets[source] = assets[destination]
                        and statuses[source] = 'open'
                        and statuses[destination] in ('open', 'frozen_out'), false)
                    then
                        fault := zerosum.posting_fault(l, posting, assets[source], statuses[source],
                            assets[destination],
                            statuses[destination]);
                        exit when fault is not null;
                    end if;
                    sources[p] := source;
                    destinations[p] := destination;
                    amount := posting.amount;
                    if posting.origin is not null then
                        part := part_slots[p];
                        if part_statuses[part] <> 'pending' then
                            fault := json_build_object('code', 'hold_' || part_statuses[part],
                                'hold', posting.origin);
                            exit;
                        end if;
                        amount := case when destination is null then 0
                            else coalesce(amount, remaining[part]) end;
                        if amount > remaining[part] then
                            short_part := part;
                            exit;
                        end if;
                        freed[p] := case when request.kind = 'void'
                            or request.options @> '{"final": true}'
                            then remaining[part] else amount end;
                        remaining[part] := remaining[part] - freed[p];
                        captured[part] := captured[part] + amount;
                        if request.kind <> 'reversal' then
                            held[source] := held[source] - freed[p];
                            floors[source] := floors[source] - freed[p];
                        end if;
                    elsif request.kind = 'hold' then
                        if floors[source] = '-Infinity' then
                            fault := json_build_object('code', 'reserved_wallet_id', 'wallet',
                                posting.source);
                            exit;
                        end if;
                        freed[p] := -amount;
                        held[source] := held[source] + amount;
                        floors[source] := floors[source] + amount;
                        move_count := move_count + 1;
                        moves[move_count] := row(i, p - first + 1, posting.source,
                            posting.destination, assets[source],
                            amount, null, null, null, null)::ledger.move;
                        amount := 0;
                    end if;
                    moved[p] := amount;
                    applied_to := p;
                    if amount > 0 then
                        entry_posting := entry_posting + 1;
                        move_count := move_count + 1;
                        balances[source] := balances[source] - amount;
                        versions[source] := versions[source] + 1;
                        balances[destination] := balances[destination] + amount;
                        versions[destination] := versions[destination] + 1;
                        moves[move_count] := row(i, entry_posting, posting.source,
                            posting.destination, assets[source],
                            amount, balances[source], versions[source], balances[destination],
                            versions[destination])::ledger.move;
                    end if;
                end loop;
                if fault is null and request.kind in ('capture', 'reversal')
                    and (short_part is not null or entry_posting = 0)
                then
                    -- If nothing is left of any part, report the last one that the request takes
                    -- from.
                    for p in first..last loop
                        exit when short_part is not null and applied_to < last;
                        short_part := case when destinations[p] is not null then part_slots[p]
                            else short_part end;
                    end loop;
                    fault := json_build_object('code', case request.kind when 'capture'
                        then 'hold_exceeded'
                        else 'reversal_exceeded' end, 'posting', parts.postings[short_part],
                        'remaining', remaining[short_part]);
                end if;
            end if;

            -- 5. Check the limits on the net effect. A wallet whose net falls is the source of
            -- some posting, one whose net rises the destination.
            if fault is null then
                for p in first..last loop
                    source := sources[p];
                    destination := destinations[p];
                    if balances[source] < floors[source] and (request.kind <> 'reversal'
                        or not request.options @> '{"force": true}' or balances[source] <= -1e38)
                    then
                        broken := source;
                        exit;
                    elsif balances[destination] > ceilings[destination] then
                        broken := destination;
                        exit;
                    end if;
                end loop;
            end if;
            if fault is null and broken is null and request.conditions is not null then
                fault := zerosum.condition_facts(request.conditions, locked.ids, versions, balances,
                    held, true);
            end if;

            -- 6. Post the request.
            if fault is null and broken is null then
                outcomes[i] := 'posted';
                forced := null;
                -- A wallet below its floor may go no lower, and what comes in reduces its debt.
                if indebted or request.kind = 'reversal' then
                    for p in first..last loop
                        foreach source in array array[sources[p], destinations[p]] loop
                            amount := least(balances[source] - floors[source], debts[source]);
                            continue when amount = 0 or source is null;
                            debts[source] := debts[source] - amount;
                            floors[source] := floors[source] + amount;
                            if amount < 0 then
                                indebted := true;
                                forced := concat_ws(',', forced,
                                    concat('{"wallet":"', locked.ids[source], '","floor_debt":',
                                        debts[source], '}'));
                            end if;
                        end loop;
                    end loop;
                end if;
                if request.kind = 'reversal' then
                    extras[i] := concat('"reverses":', request.options -> 'transaction',
                        ',"forced":[', forced, ']');
                elsif request.kind = 'hold' then
                    extras[i] := zerosum.hold_extra(request, moves[moves_before + 1:move_count]);
                elsif request.kind in ('capture', 'void') then
                    left_over := 0;
                    for p in first..last loop
                        left_over := left_over + remaining[part_slots[p]];
                    end loop;
                    status := case when request.kind = 'void' then 'voided' when left_over = 0
                        then 'captured'
                        else 'pending' end;
                    for p in first..last loop
                        part_statuses[part_slots[p]] := status;
                    end loop;
                    extras[i] := zerosum.capture_extra(status, posting.origin,
                        part_slots[first:last], parts.amounts,
                        captured, left_over, assets, sources[first:last]);
                end if;
                continue requests;
            end if;
        end if;
        continue requests when outcomes[i] in ('posted', 'replayed');

        -- 7. Refused: take back what the request applied, or restore its whole unit.
        available_then := balances[broken] - held[broken];
        if unit is not null then
            failed_unit := unit;
            failed_as := case when outcomes[i] = 'busy' then 'busy' else 'undone' end;
            for k in unit_first..i - 1 loop
                outcomes[k] := failed_as;
            end loop;
            move_count := unit_moves;
            balances := unit_balances;
            versions := unit_versions;
            held := unit_held;
            floors := unit_floors;
            debts := unit_debts;
            remaining := unit_remaining;
            captured := unit_captured;
            part_statuses := unit_part_statuses;
        else
            move_count := moves_before;
            for p in first..applied_to loop
                source := sources[p];
                if moved[p] > 0 then
                    destination := destinations[p];
                    balances[source] := balances[source] + moved[p];
                    versions[source] := versions[source] - 1;
                    balances[destination] := balances[destination] - moved[p];
                    versions[destination] := versions[destination] - 1;
                end if;
                if freed[p] is not null then
                    if request.kind <> 'reversal' then
                        held[source] := held[source] + freed[p];
                        floors[source] := floors[source] + freed[p];
                    end if;
                    if request.kind <> 'hold' then
                        part := part_slots[p];
                        remaining[part] := remaining[part] + freed[p];
                        captured[part] := captured[part] - moved[p];
                    end if;
                end if;
            end loop;
        end if;
        if outcomes[i] is null then
            outcomes[i] := 'refused';
            bodies[i] := coalesce(fault,
                zerosum.limit_facts(l, locked.ids[broken], balances[broken],
                available_then + held[broken], held[broken]));
        end if;
    end loop;

    moves := moves[1:move_count];
    locked.balances := balances;
    locked.versions := versions;
    locked.held := held;
    locked.floors := floors;
    locked.debts := debts;
    parts.remaining := remaining;
    parts.captured := captured;
    parts.statuses := part_statuses;
end $$;
