-- By slot, when the first of the holds expires that are placed on the wallet now; null: none does.
-- Locks: none. Codes: none.
create or replace function zerosum.hold_expiries(requests ledger.request[], moves ledger.move[], slots jsonb)
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
            expiries[slot] := least(expiries[slot], (requests[move.request].options ->> 'expires_at')::timestamptz);
        end if;
    end loop;
    return expiries;
end $$;
