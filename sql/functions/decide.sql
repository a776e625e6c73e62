-- Decide a batch's requests in order, each seeing what the ones before it leave: the heart of post(), in memory only.
-- Arguments are post()'s arrays, one element a request (kinds … lasts), a posting (moved … part_slots), a locked wallet
-- (wallets … debts) or a part: a posting of a hold or transaction that some request is about (part_ids …), as read_parts()
-- has them.
-- firsts and lasts number a request's postings. lows is the least that `posted` may be: min_balance + held - floor_debt.
-- moved is null for "what is left"; a posting without a destination only locks its source. What comes back is what the
-- arrays are after the batch, and: the rank of each request that posted, in order from 1; a number for each posting that
-- makes entries, with the balances and versions that it leaves; extras, the answer's further members; and expiring:
-- whether a hold that was asked for may expire.
-- Units are numbered atomic batches: as soon as one request of a unit is refused, those before it are taken back, and all
-- others of it are `undone` (or `busy`).
-- Locks: none, the caller holds them. Codes: none.
create or replace function zerosum.decide(
    l bigint, at timestamptz, kinds text[], prints bytea[], units int[], ifs jsonb[], options jsonb[],
    firsts int[], lasts int[], flaws text[], from_slots int[], to_slots int[], part_slots int[],
    wallets text[], assets text[], highs numeric[], part_ids bigint[], part_numbers smallint[], part_amounts numeric[],
    inout outcomes text[], inout bodies text[], inout twins int[], inout moved numeric[],
    inout balances numeric[], inout versions bigint[], inout helds numeric[], inout lows numeric[],
    inout debts numeric[], inout part_lefts numeric[], inout part_captured numeric[],
    inout part_stati text[], out written int, out ranks int[], out numbers smallint[],
    out from_balances numeric[], out from_versions bigint[], out to_balances numeric[], out to_versions bigint[],
    out extras text[], out expiring bool
) language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    n constant int := cardinality(kinds);
    -- (No statement: each costs as much as deciding three requests.)
    indebted constant bool := 0 < any (debts) or 'reversal' = any (kinds);
    m constant int := coalesce(cardinality(moved), 0);
    special constant bool := kinds && array['hold', 'capture', 'void', 'reversal'];
    in_units constant bool := cardinality(units) > 0;
    freed numeric[];
    kind text; code text; number int; last int; first int; back int; j int;
    s int; d int; q int; asked int; broken int; at_fault numeric; amount numeric;
    total numeric; captured numeric; remaining numeric; status text; below text;
    unit int; unit_first int; failed_unit int; failed_as text; debts_before numeric[]; lows_before numeric[];
begin
    ranks := array_fill(null::int, array[n]);
    numbers := array_fill(null::smallint, array[m]);
    from_balances := array_fill(null::numeric, array[m]);
    from_versions := array_fill(null::bigint, array[m]);
    to_balances := from_balances;
    to_versions := from_versions;
    if special then
        freed := from_balances;
        extras := array_fill(null::text, array[n]);
    end if;
    written := 0;
    expiring := false;
    for i in 1..n loop
        if in_units then
            if units[i] is not null and units[i] is distinct from unit then
                unit_first := i;
                debts_before := debts;
                lows_before := lows;
            end if;
            unit := units[i];
            if unit = failed_unit then
                outcomes[i] := failed_as;
                continue;
            end if;
        end if;
        code := null;
        broken := null;
        first := firsts[i];
        j := first - 1;
        if twins[i] is not null and outcomes[i] is null then
            -- The request of this batch that posted under the same key, if one did.
            back := twins[i];
            while outcomes[back] in ('refused', 'undone') loop
                back := twins[back];
            end loop;
            if outcomes[back] = 'replayed' then
                back := twins[back];
            end if;
            twins[i] := back;
            if back is not null then
                if prints[i] = prints[back] then
                    outcomes[i] := 'replayed';
                else
                    outcomes[i] := 'refused';
                    bodies[i] := json_build_object('code', 'idempotency_key_reused');
                end if;
            end if;
        end if;

        if outcomes[i] is null then
            kind := kinds[i];
            number := 0;
            last := lasts[i];
            if ifs[i] is not null then
                code := zerosum.condition_facts(ifs[i], wallets, versions, balances, helds, false);
            end if;
            if kind = 'hold' and options[i] ? 'expires_at' then
                expiring := true;
                if code is null and (options[i] ->> 'expires_at')::timestamptz <= at then
                    code := '{"code" : "invalid_expires_at"}';
                end if;
            end if;
            if code is null then
                for p in first..last loop
                    if flaws[p] is not null then
                        code := flaws[p];
                        exit;
                    end if;
                    s := from_slots[p];
                    d := to_slots[p];
                    amount := moved[p];
                    if not special then
                        null;
                    elsif part_slots[p] is not null then
                        q := part_slots[p];
                        if part_stati[q] <> 'pending' then
                            code := json_build_object('code', 'hold_' || part_stati[q], 'hold', part_ids[q]);
                            exit;
                        end if;
                        amount := case when d is null then 0 else coalesce(amount, part_lefts[q]) end;
                        if amount > part_lefts[q] then
                            number := -1;
                            asked := q;
                            exit;
                        end if;
                        moved[p] := amount;
                        freed[p] := case when kind = 'void' or options[i] @> '{"final": true}'
                            then part_lefts[q] else amount end;
                        part_lefts[q] := part_lefts[q] - freed[p];
                        part_captured[q] := part_captured[q] + amount;
                        if kind <> 'reversal' then
                            helds[s] := helds[s] - freed[p];
                            lows[s] := lows[s] - freed[p];
                        end if;
                    elsif kind = 'hold' then
                        if lows[s] = '-Infinity' then
                            code := json_build_object('code', 'reserved_wallet_id', 'wallet', wallets[s]);
                            exit;
                        end if;
                        freed[p] := -amount;
                        helds[s] := helds[s] + amount;
                        lows[s] := lows[s] + amount;
                        amount := 0;
                    end if;
                    j := p;
                    if amount > 0 then
                        number := number + 1;
                        numbers[p] := number;
                        balances[s] := balances[s] - amount;
                        versions[s] := versions[s] + 1;
                        from_balances[p] := balances[s];
                        from_versions[p] := versions[s];
                        balances[d] := balances[d] + amount;
                        versions[d] := versions[d] + 1;
                        to_balances[p] := balances[d];
                        to_versions[p] := versions[d];
                    end if;
                end loop;
                if number < 1 and code is null and kind in ('capture', 'reversal') then
                    if number = 0 then  -- Nothing is left of any: the last that takes something is told.
                        asked := (select part_slots[x.p] from generate_series(first, last) x (p)
                            where to_slots[x.p] is not null order by x.p desc limit 1);
                    end if;
                    code := json_build_object('code',
                        case when kind = 'capture' then 'hold_exceeded' else 'reversal_exceeded' end,
                        'posting', part_numbers[asked], 'remaining', part_lefts[asked]);
                end if;
            end if;
            -- Limits hold for the net effect: a wallet whose net falls is a source somewhere, one whose net rises a
            -- destination.
            if code is null then
                for p in first..last loop
                    if balances[from_slots[p]] < lows[from_slots[p]]
                        and (kind <> 'reversal' or not options[i] @> '{"force": true}' or balances[from_slots[p]] <= -1e38)
                    then
                        broken := from_slots[p];
                    elsif balances[to_slots[p]] > highs[to_slots[p]] then
                        broken := to_slots[p];
                    end if;
                    exit when broken is not null;
                end loop;
            end if;
            if code is null and broken is null and ifs[i] is not null then
                code := zerosum.condition_facts(ifs[i], wallets, versions, balances, helds, true);
            end if;
            if code is null and broken is null then
                outcomes[i] := 'posted';
                written := written + 1;
                ranks[i] := written;
                -- A wallet below its floor may go no lower, and owes less with all that comes back.
                below := null;
                if indebted then
                    for p in first..last loop
                        foreach s in array array[from_slots[p], to_slots[p]] loop
                            amount := least(balances[s] - lows[s], debts[s]);
                            continue when amount = 0 or s is null;
                            debts[s] := debts[s] - amount;
                            lows[s] := lows[s] + amount;
                            if amount < 0 then
                                below := concat_ws(',', below,
                                    concat('{"wallet":"', wallets[s], '","floor_debt":', debts[s], '}'));
                            end if;
                        end loop;
                    end loop;
                end if;
                if kind = 'reversal' then
                    extras[i] := concat('"reverses":', options[i] -> 'transaction', ',"forced":[', below, ']');
                elsif kind = 'hold' then
                    total := moved[first];
                    for p in first + 1..last loop
                        total := case when assets[from_slots[p]] = assets[from_slots[first]] then total + moved[p] end;
                    end loop;
                    extras[i] := concat(zerosum.hold_state_json('pending', total, total - total, total), ',"expires_at":',
                        coalesce(zerosum.time_json((options[i] ->> 'expires_at')::timestamptz), 'null'));
                elsif kind in ('capture', 'void') then
                    q := part_slots[first];
                    total := part_amounts[q];
                    captured := part_captured[q];
                    remaining := part_lefts[q];
                    for p in first + 1..last loop
                        q := part_slots[p];
                        total := case when assets[from_slots[p]] = assets[from_slots[first]] then total + part_amounts[q] end;
                        captured := captured + part_captured[q];
                        remaining := remaining + part_lefts[q];
                    end loop;
                    status := case when kind = 'void' then 'voided' when remaining = 0 then 'captured' else 'pending' end;
                    if status <> 'pending' then
                        for p in first..last loop
                            part_stati[part_slots[p]] := status;
                        end loop;
                    end if;
                    extras[i] := concat('"hold":{"id":', part_ids[first], ',', zerosum.hold_state_json(status, total,
                        case when total is not null then captured end, case when total is not null then remaining end), '}');
                end if;
                continue;
            end if;
            at_fault := balances[broken] - helds[broken];
        end if;

        -- A unit's earlier requests go with the one that is refused.
        if outcomes[i] in ('posted', 'replayed') then
            continue;
        end if;
        back := i;
        if unit is not null then
            failed_unit := unit;
            failed_as := case when outcomes[i] = 'busy' then 'busy' else 'undone' end;
            back := unit_first;
        end if;
        for k in reverse i..back loop
            if k < i then
                if outcomes[k] = 'posted' then
                    written := written - 1;
                    ranks[k] := null;
                    j := lasts[k];
                end if;
                outcomes[k] := failed_as;
            end if;
            for p in firsts[k]..j loop
                s := from_slots[p];
                q := part_slots[p];
                if numbers[p] is not null then
                    d := to_slots[p];
                    balances[s] := balances[s] + moved[p];
                    versions[s] := versions[s] - 1;
                    balances[d] := balances[d] - moved[p];
                    versions[d] := versions[d] - 1;
                    numbers[p] := null;
                end if;
                if freed[p] is not null then
                    if kinds[k] <> 'reversal' then
                        helds[s] := helds[s] + freed[p];
                        lows[s] := lows[s] + freed[p];
                    end if;
                    if q is not null then
                        part_lefts[q] := part_lefts[q] + freed[p];
                        part_captured[q] := part_captured[q] - moved[p];
                        part_stati[q] := case when part_stati[q] is not null then 'pending' end;
                    end if;
                    freed[p] := null;
                end if;
            end loop;
            j := 0;
        end loop;
        if unit is not null and indebted then
            debts := debts_before;
            lows := lows_before;
        end if;
        if outcomes[i] is null then
            outcomes[i] := 'refused';
            bodies[i] := coalesce(code,
                zerosum.limit_facts(l, wallets[broken], balances[broken],
                at_fault + helds[broken], helds[broken]));
        end if;
    end loop;
end $$;
