-- Return, by slot, when the first hold expires that this batch places on the wallet; null: none
-- does.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.hold_expiries(requests ledger.request[], moves ledger.move[],
    slots jsonb)
returns timestamptz[]
language plpgsql stable as $$
declare
    move ledger.move;
    slot int;
    expiries timestamptz[];
begin
    foreach move in array moves loop
        if move.from_version is null then
            slot := (slots -> move.source)::int;
            expiries[slot] := least(expiries[slot],
                (requests[move.request].options ->> 'expires_at')::timestamptz);
        end if;
    end loop;
    return expiries;
end $$;
