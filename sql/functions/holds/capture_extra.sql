-- Return the further members of the answer to a capture or void: how far it leaves the hold.
-- slots: of the hold's parts, in order. amounts and captured: of all parts, by slot. left_over:
-- what is left of the whole hold. sources: the slots of the wallets that hold the parts.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.capture_extra(
    status text, hold bigint, slots int[], amounts numeric[], captured numeric[], left_over numeric,
    assets text[], sources int[]
) returns text
language plpgsql stable as $$
declare
    total numeric := 0;
    taken numeric := 0;
begin
    for i in 1..cardinality(slots) loop
        total := case when assets[sources[i]] = assets[sources[1]]
            then total + amounts[slots[i]] end;
        taken := taken + captured[slots[i]];
    end loop;
    return concat('"hold":{"id":', hold, ',', zerosum.hold_state_json(status, total,
        case when total is not null then taken end, case when total is not null then left_over end),
            '}');
end $$;
